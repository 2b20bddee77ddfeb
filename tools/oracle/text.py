"""Records the results of sacreBLEU and Hugging Face's tokenizers: `python3 tools/oracle/text.py`.

Not a part of record.py, since neither is in Debian: `python3 -m pip install --target DIR sacrebleu tokenizers`, and PYTHONPATH=DIR.
"""

import json
import pathlib
import random

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "text"

PAIRS = [
    ("The cat sat on the mat.", "The cat is on the mat."),
    ("It's 10:30, isn't it?", "It is half past ten, isn't it?"),
    ("He said: \"no way!\" (twice)", "He said \"no way\", twice."),
    ("We paid $1,000.50 for 3.5 kg - too much", "We paid 1,000.50 dollars for 3.5 kg; too much."),
    ("a well-known 1990-2000 trend", "a well-known trend of 1990-2000"),
    ("L'homme qu'il a vu, c'est moi.", "C'est moi, l'homme qu'il a vu."),
    ("les élèves mangent à l'école", "les élèves mangent à l’école"),
    ("Tom &amp; Jerry &lt;3 &quot;cheese&quot;", "Tom & Jerry <3 \"cheese\""),
    ("version 2.0.1, U.S. and e.g. this...", "version 2.0.1, US and for example this..."),
    ("two young , white males are outside .", "two young , white men are outside near many bushes ."),
    ("x = y_1^2 * {a|b} ~ `c` @d #e %f", "x = y_1 ^2 * {a | b} ~ 'c' @ d # e % f"),
    (",.;.,", ".,;,."),
    ("5-3=2 and a-b, 7-", "5 - 3 = 2 and a - b, 7 -"),
    ("line\nbreak and hy-\nphen <skipped> words", "line break and hyphen words"),
    ("tabs\tand\u00a0hard\u2003spaces\u3000here\x1cand\x85there", "tabs and hard spaces here and there"),
    ("\ufeffmark \u200b stays", "mark stays"),
    ("日本語のテキスト。", "日本語の文章。"),
    ("smile 😀😀, ok.", "smile 😀, ok."),
    ("ÎLE Œuvre STRASSE", "île œuvre strasse"),
    ("the the the the the the the", "the cat is on the mat"),
    ("", "an empty hypothesis"),
    ("an empty reference", ""),
    ("one", "one"),
    ("three words only", "three words only"),
]


def noisy(text, seed):
    """The sentence with some of its words dropped, doubled or swapped."""
    draw = random.Random(seed)
    words = text.split(" ")
    out = []
    for word in words:
        chance = draw.random()
        if chance < 0.15:
            continue
        out.append(word)
        if chance > 0.9:
            out.append(word)
    if len(out) > 2 and draw.random() < 0.5:
        k = draw.randrange(len(out) - 1)
        out[k], out[k + 1] = out[k + 1], out[k]
    return " ".join(out)


def bleu_cases():
    from sacrebleu.metrics import BLEU

    hypotheses = [pair[0] for pair in PAIRS]
    references = [pair[1] for pair in PAIRS]
    others = [noisy(reference, i) for i, reference in enumerate(references)]
    close = [noisy(reference, 100 + i) for i, reference in enumerate(references)]

    def case(name, hyps, refs, **options):
        bleu = BLEU(**options)
        tokens = [bleu._preprocess_segment(hyp).split() for hyp in hyps]
        counted = BLEU(**{**options, "smooth_method": "none", "smooth_value": None}).corpus_score(hyps, refs)
        score = bleu.corpus_score(hyps, refs)
        signature = str(bleu.get_signature()).rsplit("|", 1)[0]
        return {
            "name": name,
            "hypotheses": hyps,
            "references": refs,
            "options": options,
            "tokens": tokens,
            "score": score.score,
            "precisions": score.precisions,
            "brevityPenalty": score.bp,
            "hypothesisLength": score.sys_len,
            "referenceLength": score.ref_len,
            "counts": counted.counts,
            "totals": counted.totals,
            "signature": signature,
        }

    cases = [case("the text, as it is by default", hypotheses, [references])]
    for tokenize in ("13a", "none", "char"):
        for lowercase in (False, True):
            name = f"{tokenize}, {'lower-cased' if lowercase else 'as it is'}"
            cases.append(case(name, hypotheses, [references], tokenize=tokenize, lowercase=lowercase))
    cases.append(case("two references", hypotheses, [references, others]))
    cases.append(case("three references", others, [hypotheses, references, close], lowercase=True))
    cases.append(case("near the reference", close, [references]))
    cases.append(case("shorter than the reference", [text[: len(text) // 2] for text in references], [references]))
    poor = ["a b c d e f", "g h i j"]
    refs = ["a x c b d y z", "g h"]
    for method, value in (("exp", None), ("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 0.3), ("none", None)):
        cases.append(case(f"few matches, {method} {value}", poor, [refs], smooth_method=method, smooth_value=value))
    cases.append(case("bigrams at most", poor, [refs], max_ngram_order=2))
    cases.append(case("sentences too short for 4-grams", ["two words", "one"], [["two words", "one"]]))
    for hyp, ref in PAIRS:
        name = f"alone: {hyp!r}"
        cases.append(case(name, [hyp], [[ref]], effective_order=True))
    cases.append(case("no match at all", ["a b c d e"], [["v w x y z"]]))
    cases.append(case("nothing said", ["", ""], [["a b", "c"]]))
    return cases


def bpe_cases():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    prose = [text for pair in PAIRS for text in pair if not any(mark in text for mark in "\x1c\x85\ufeff\u200b")]
    draw = random.Random(7)
    syllables = ["ba", "be", "bo", "da", "de", "do", "na", "ne", "no", "é", "'s", "12"]
    made = [" ".join("".join(draw.choices(syllables, k=draw.randint(1, 5))) for _ in range(12)) for _ in range(80)]
    corpora = {
        "prose": (prose * 3, 380, 2, ["<pad>", "<bos>", "<eos>"]),
        "prose, every pair": (prose, 330, 1, []),
        "syllables": (made, 420, 2, ["<end>"]),
        "runs of one letter": (["aaaa aaaaa aaaaaaaa aa", "abababab aab abb"] * 3, 300, 2, []),
        "fewer pairs than asked for": (["one two"], 1000, 2, []),
        "white space": (["a  b\n\n c\t\td   ", "\n\n\na  b"] * 4, 280, 2, []),
    }
    unseen = ["A sentence that was not there: œuvre, l'été 2024!", "bonabedo 😀\n", "aaaaaaa ababb", " two  spaces "]

    cases = []
    for name, (texts, size, least, special) in corpora.items():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=least,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        model = json.loads(tokenizer.to_str())["model"]
        cases.append(
            {
                "name": name,
                "texts": texts,
                "size": size,
                "minCount": least,
                "specials": special,
                "merges": [merge if isinstance(merge, list) else merge.split(" ") for merge in model["merges"]],
                "tokens": sorted(model["vocab"], key=model["vocab"].get),
                "unseen": [[text, tokenizer.encode(text).ids] for text in unseen + texts[:3]],
            }
        )
    return cases


def write(name, recorded):
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in recorded["cases"])
    head = json.dumps({key: value for key, value in recorded.items() if key != "cases"})[:-1]
    (FOLDER / f"{name}.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    import sacrebleu

    import tokenizers

    write("bleu", {"sacrebleu": sacrebleu.__version__, "cases": bleu_cases()})
    write("bpe", {"tokenizers": tokenizers.__version__, "cases": bpe_cases()})

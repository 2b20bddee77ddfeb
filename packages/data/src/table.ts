/**
 * Tables: CSV and Parquet files as columns, their preparation for training, and tensors of them.
 *
 * @module
 */
export { Table } from "./table/table.ts";
export type { Row, TableDatasetOptions, TableTensorOptions } from "./table/table.ts";
export type { Cell, CellValues, Column, ColumnKind } from "./table/column.ts";
export type { TableSplitOptions } from "./table/split_rows.ts";
export type { BlobLike, ResponseLike, TableSource, UrlLike } from "./table/source.ts";
export { type CsvOptions, type CsvStreamOptions, parseCsv, readCsv, streamCsv } from "./table/csv.ts";
export { MinMax, type Scale, type ScaleOptions, ScalingStep, Standardize } from "./table/prepare/scale.ts";
export { Impute, type ImputeOptions, type ImputeStrategy } from "./table/prepare/impute.ts";
export { Categories, type CategoriesOptions, UNKNOWN } from "./table/prepare/categories.ts";
export { Preparation } from "./table/prepare/prepare.ts";
export type { PreparationState, PreparationStep, SavedStep, StepState } from "./table/prepare/preparation.ts";
export { type ParquetOptions, readParquet } from "./table/parquet/parquet.ts";

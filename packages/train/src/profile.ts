/**
 * Profiles: which operations take the time.
 *
 * @module
 */
export { Profile, profile, type ProfileRow } from "./profile/profile.ts";

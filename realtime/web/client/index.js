/** Jobcast in the browser and in Node: submit a job, follow it, read its view. PROTOCOL.md says what it means. */

export { CheckpointStore } from "./checkpoint.js";
export { JobcastError } from "./errors.js";
export { emptyView, ended, receive } from "./fold.js";
export { followJob, FollowEvent, JobFollower } from "./follow.js";
export { Pace } from "./pace.js";
export { submitJob } from "./submit.js";

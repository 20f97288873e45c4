/** Jobcast in the browser and in Node: submit a job, follow it, read its view. PROTOCOL.md says what it means. */

export { CheckpointStore } from "./checkpoint.js";
export { keepConnected } from "./connection.js";
export { streamStatus } from "./document_state.js";
export { JobcastError } from "./errors.js";
export { emptyView, ended, receive } from "./fold.js";
export { followJob, JobFollower } from "./follow.js";
export { FollowEvent } from "./follow_event.js";
export { Pace } from "./pace.js";
export { submitJob } from "./submit.js";

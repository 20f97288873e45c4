/** Events of a job, as the server sends them. */

export const JOB = "j0b00000000000000001";
export const OTHER = "j0b00000000000000002";
export const EPOCH = "aaaaaaaaaaaa";
export const NEXT_EPOCH = "bbbbbbbbbbbb";

const event = (name) => (sequence, fields) => [name, { jobId: JOB, sequence, timestamp: 1_767_225_600_000, ...fields }];

export const status = (sequence, fields) =>
  event("job:status")(sequence, { status: "running", attempt: 1, epoch: EPOCH, ...fields });
export const chunk = (sequence, text, fields) => event("model:chunk")(sequence, { chunk: text, ...fields });
export const completed = event("job:completed");
export const snapshot = (sequence, text, fields) => [
  "job:snapshot",
  { jobId: JOB, epoch: EPOCH, sequence, reset: false, text, status: "running", attempt: 1, ...fields },
];

/** Everything that is due without a clock has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

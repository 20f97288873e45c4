/** The page at `/`: ask, watch the answer come, reload whenever you like. */
/// <reference path="./socket.io.d.ts" />

import { io } from "/assets/socket.io.esm.min.js";

import { JobcastError, submitJob } from "./client/index.js";
import { goToJob, jobInAddress, questionInHistory } from "./page/address.js";
import { fetchCatalogue } from "./page/catalogue.js";
import { Composer } from "./page/composer.js";
import { ConnectionSign } from "./page/connection_sign.js";
import { element, write } from "./page/element.js";
import { Reading } from "./page/reading.js";

/** @import { Question } from "./page/composer.js" */
/** @import { Show } from "./page/connection_sign.js" */

const NOBODY_MS = 3_000;

/** @type {number | undefined} */
let nextOffer;
/** Whether the error on the page is that nobody was there to be asked. */
let foundNobody = false;
const socket = io({ transports: ["websocket", "polling"], tryAllTransports: true });
const composer = new Composer(ask);
const sign = new ConnectionSign(socket, showConnection);
const reading = new Reading(socket, { error: tellError, waiting: (words) => sign.wait(words) });

socket.on("connect", offerCatalogue);
addEventListener("popstate", showAddress);

showAddress();

function showAddress() {
  const jobId = jobInAddress();
  const question = questionInHistory();
  tellError("");
  composer.question = question;
  composer.reading = Boolean(jobId);
  if (jobId) reading.open(jobId, question);
  else reading.close();
}

/** @param {Question} question */
async function ask(question) {
  tellError("");
  composer.asking = true;
  try {
    const { prompt, field, ...choice } = question;
    const { jobId } = await submitJob(socket, { ...choice, input: { [field]: prompt } });
    goToJob(jobId, question);
    composer.reading = true;
    reading.open(jobId, question);
  } catch (error) {
    tellError(error instanceof Error ? error.message : String(error));
    foundNobody = error instanceof JobcastError && error.code === "no_worker";
    if (foundNobody) offerCatalogue();
  }
  composer.asking = false;
}

async function offerCatalogue() {
  clearTimeout(nextOffer);
  const catalogue = await fetchCatalogue();
  composer.offer(catalogue);
  reading.backends = catalogue.backends;
  if (foundNobody && catalogue.backends.length > 0) tellError("");
  if (catalogue.agents.length === 0 && socket.connected) nextOffer = setTimeout(offerCatalogue, NOBODY_MS);
}

/** @param {string} message empty: no error */
function tellError(message) {
  const notice = element("error", HTMLElement);
  write(notice, message);
  notice.hidden = !message;
  foundNobody = false;
}

/** @type {Show} */
function showConnection(state, words) {
  const connection = element("connection", HTMLElement);
  connection.dataset.state = state;
  write(connection, words);
}

/** What to show of a document: the cases that Python runs, too. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

import { streamStatus } from "../../realtime/web/client/index.js";

const cases = JSON.parse(await readFile(new URL("../document_states.json", import.meta.url), "utf8"));

describe("the stream status of a document", () => {
  for (const { status, metadata, shown } of cases) {
    test(`${status} ${JSON.stringify(metadata)}`, () => {
      assert.equal(streamStatus(status, metadata), shown);
    });
  }
});

/** What a follower tells: an event with what it is about in `detail`, as a `CustomEvent` has it (Node 18 knows none). */

export class FollowEvent extends Event {
  /**
   * @param {string} type
   * @param {unknown} detail
   */
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

'use strict';

/// Time that passes only when a test says so: what is due runs in order, what runs may set further timers.
class VirtualTime {
  constructor(startMs = 1767225600000) {
    this.ms = startMs;
    this.timers = new Map();
    this.last = 0;
    this.now = () => this.ms;
    this.setTimeout = (f, ms) => {
      this.last += 1;
      this.timers.set(this.last, { f, at: this.ms + Math.max(0, ms) });
      return this.last;
    };
    this.clearTimeout = (timer) => this.timers.delete(timer);
  }

  advance(ms) {
    const until = this.ms + ms;
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.ms = Math.max(this.ms, due[1].at);
      due[1].f();
    }
    this.ms = until;
  }
}

module.exports = { VirtualTime };

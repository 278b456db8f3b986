/** Time, handed in: leases, limits and sweeps ask it, and tests move it. */
export interface Clock {
  now(): Date;
  /** Runs `work` once after `ms`, unless disposed before. */
  after(ms: number, work: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => new Date(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** `clock.now()` moved by so many milliseconds. */
export const fromNow = (clock: Clock, ms: number): Date => new Date(clock.now().getTime() + ms);

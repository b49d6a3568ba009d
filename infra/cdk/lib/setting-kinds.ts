/** How one setting is read, and what it is when nothing is said. */
export interface Entry<T> {
  /** The value that was meant, or null where it is none. */
  readonly read: (given: string) => T | null;
  readonly dev: T;
  readonly production: T;
  readonly expects: string;
}

export const whole = (from: number, to: number, dev: number, production = dev): Entry<number> => ({
  read: (given) => {
    const number = Number(given);
    return /^\d+$/.test(given) && number >= from && number <= to ? number : null;
  },
  dev,
  production,
  expects: `a whole number from ${from} to ${to}`,
});

export const oneOf = <T extends string | number>(choices: readonly T[], dev: T, production = dev): Entry<T> => ({
  read: (given) => choices.find((choice) => String(choice) === given) ?? null,
  dev,
  production,
  expects: `one of ${choices.join(', ')}`,
});

export const text = (dev: string, production = dev): Entry<string> => ({
  read: (given) => given,
  dev,
  production,
  expects: 'some text',
});

export const optional = <T>(entry: Entry<T>, dev?: T, production = dev): Entry<T | undefined> => ({
  read: (given) => (given === 'none' ? undefined : entry.read(given)),
  dev,
  production,
  expects: `${entry.expects}, or none`,
});

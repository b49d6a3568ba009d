/** Prints rows under a title, numbers to the right. */
export function table(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]) {
  const text = (cell: string | number) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell);
  const lines = [head, ...rows].map((row) => row.map(text));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell: string, column: number) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
  console.log(title);
  for (const line of lines) console.log(`  ${line.map(pad).join('  ')}`);
  console.log();
}

/** The bars, and how many were missed. */
export class Bars {
  missed = 0;

  hold(what: string, kept: boolean) {
    if (!kept) this.missed++;
    console.log(`${kept ? 'ok     ' : 'MISSED '} ${what}`);
  }
}

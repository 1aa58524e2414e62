/** The few exact statistics that proofs and learners rest on. All are pure and need no tables. */

/** Natural logarithm of the gamma function (Lanczos 1964), good to 1e-13 for x > 0. */
export function logGamma(x: number): number {
  let series = 0.99999999999980993;
  for (const [index, coefficient] of LANCZOS.entries()) series += coefficient / (x + index);
  const t = x + LANCZOS.length - 1.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
];

const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** P(X <= k) for X of Binomial(n, p). */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k >= n || p <= 0) return 1;
  if (k < 0 || p >= 1) return 0;
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += Math.exp(logChoose(n, i) + i * Math.log(p) + (n - i) * Math.log1p(-p));
  return Math.min(1, sum);
}

/**
 * One-sided upper bound for a share of which `bad` of `all` were seen: exact, "The use of confidence or fiducial limits illustrated
 * in the case of the binomial", Clopper and Pearson, Biometrika 1934. 1 when nothing was seen.
 */
export function upperBound(bad: number, all: number, confidence: number): number {
  if (all === 0 || bad >= all) return 1;
  return bisect((p) => binomialAtMost(bad, all, p) > 1 - confidence);
}

/**
 * The same for what is made of parts that were counted apart, each with its weight: the bounds of the parts put together as if their distances
 * from what was seen were standard deviations ("Construction of confidence limits about effect measures: a general approach", Zou and Donner,
 * Statistics in Medicine 2008). That all parts are at their worst at once, as a sum of bounds would have it, is much rarer.
 */
export function upperBoundOfMix(parts: readonly { weight: number; bad: number; all: number }[], confidence: number): number {
  const there = parts.filter(({ weight }) => weight > 0);
  const whole = there.reduce((sum, { weight }) => sum + weight, 0);
  let [seen, squares] = [0, 0];
  for (const { weight, bad, all } of there) {
    const share = bad / Math.max(1, all);
    seen += (weight / whole) * share;
    squares += ((weight / whole) * (upperBound(bad, all, confidence) - share)) ** 2;
  }
  return whole === 0 ? 1 : Math.min(1, seen + Math.sqrt(squares));
}

/** The lower one of the same kind. */
export function lowerBound(bad: number, all: number, confidence: number): number {
  if (bad === 0) return 0;
  return bisect((p) => 1 - binomialAtMost(bad - 1, all, p) < 1 - confidence);
}

/** The greatest p for which `below` holds; it must hold up to one point and nowhere beyond. */
function bisect(below: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (below(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Two-sided score interval, for what is told rather than decided on: Wilson, Journal of the American Statistical Association 1927. */
export function wilson(good: number, all: number, z = 1.96): [number, number] {
  if (all === 0) return [0, 1];
  const share = good / all;
  const centre = share + (z * z) / (2 * all);
  const width = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  const scale = 1 + (z * z) / all;
  return [Math.max(0, (centre - width) / scale), Math.min(1, (centre + width) / scale)];
}

/**
 * Fisher's exact test, one-sided: of `all` things `marked` are marked; how likely is it by chance that of `drawn` of them at least
 * `hits` are marked?
 */
export function fisherAtLeast(hits: number, drawn: number, marked: number, all: number): number {
  const most = Math.min(drawn, marked);
  if (hits <= Math.max(0, drawn + marked - all)) return 1;
  let sum = 0;
  for (let k = hits; k <= most; k++) sum += Math.exp(logChoose(marked, k) + logChoose(all - marked, drawn - k) - logChoose(all, drawn));
  return Math.min(1, sum);
}

/** P(X >= x) for a chi-squared variable, by the approximation of Wilson and Hilferty (1931): good enough to sort what is far out from what is not. */
export function chiSquaredAtLeast(x: number, freedom: number): number {
  if (x <= 0) return 1;
  const spread = 2 / (9 * freedom);
  return normalAtLeast((Math.cbrt(x / freedom) - (1 - spread)) / Math.sqrt(spread));
}

/** P(Z >= z) for a standard normal variable; Abramowitz and Stegun 26.2.17, and the tail's own series far out. */
function normalAtLeast(z: number): number {
  if (z < 0) return 1 - normalAtLeast(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 6) return density / z;
  const t = 1 / (1 + 0.2316419 * z);
  return density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
}

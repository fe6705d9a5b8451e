// What JavaScript's Math lacks of the functions that the table of ops is made of, or has otherwise.
const nearest = (x) => (Math.abs(x) < 2 ** 52 ? (x < 0 || Object.is(x, -0) ? -(2 ** 52 - x - 2 ** 52) : x + 2 ** 52 - 2 ** 52) : x);
const pow = (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b));
function modulo(a, b) { // of the sign of b
  const r = a % b;
  return r !== 0 ? (r < 0 !== b < 0 ? r + b : r) : b < 0 ? -0 : 0;
}
// (1 + 2x) exp(x²) erfc(x) for x ≥ 0, as a Chebyshev series in (x − 3.75) / (x + 3.75).
const OF_ERFC = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-5, 4.13902798607301e-6,
  7.74038306619849e-7, -2.1886401049234397e-7, 1.076499946567091e-8, 4.521959811218287e-9, -7.754400208831351e-10,
  -6.318088340886684e-11, 2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
  3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17,
];
function erfc(x) {
  if (x !== x) return x;
  if (Math.abs(x) < 0.5) return 1 - erf(x);
  if (x < 0) return 2 - erfc(-x);
  if (x > 28) return 0;
  const twice = (2 * (x - 3.75)) / (x + 3.75);
  let [sum, after, next] = [0, 0, 0];
  for (let k = OF_ERFC.length - 1; k > 0; k--) [sum, after, next] = [twice * sum - after + OF_ERFC[k], sum, after];
  sum = (twice / 2) * sum - after + OF_ERFC[0];
  const high = Math.fround(x); // its square is exact
  return ((Math.exp(-high * high) * sum) / (1 + 2 * x)) * Math.exp((high - x) * (high + x));
}
function erf(x) {
  if (Math.abs(x) >= 0.5) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let [term, sum] = [x, x]; // Taylor's series
  for (let k = 1; k < 16; k++) sum += (term *= (-x * x) / k) / (2 * k + 1);
  return (2 / Math.sqrt(Math.PI)) * sum;
}

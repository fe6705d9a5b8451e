// How numbers are written.

const DIGITS = 4;

// As autograd.notation.numbers: half of a last digit is rounded to the even one, and what is rounded has a point.
function number(x) {
  if (x === undefined || x === null) return "–";
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const minus = x < 0 ? "−" : "";
  if (size >= 1e-4 && size < 9999) {
    const more = size.toPrecision(DIGITS + 1);
    const text = withoutZeros(size.toPrecision(DIGITS));
    if ((!more.endsWith("5") || Number(more) !== size) && (text.includes(".") || Number(text) === size)) return minus + text;
  }
  let [digits, exponent] = size.toExponential(DIGITS - 1).split("e");
  const [more] = size.toExponential(DIGITS).split("e");
  const half = more.endsWith("5") && Number(`${more}e${exponent}`) === size && /^\d\.\d{4}0*e/.test(size.toExponential(90));
  if (half && Number(more[DIGITS]) % 2 === 0) digits = more.slice(0, -1);
  const power = Number(exponent);
  const value = Number(`${digits}e${power}`);
  const isPlain = power >= -4 && power < DIGITS;
  let text = isPlain ? String(value) : `${Number(digits)}e${power}`;
  if (!text.includes(".") && value !== size) text = isPlain && power < DIGITS - 1 ? value.toPrecision(DIGITS) : `${digits}e${power}`;
  return minus + text.replace("-", "−");
}

const withoutZeros = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

// What a written number stands for, and whether what is computed of such is the result as written.
const asWritten = (x) => (Number.isFinite(x) ? Number(number(x).replaceAll("−", "-")) : x);
function equals(computed, result, terms = []) {
  if (terms.length && Math.abs(result) === Infinity && terms.every(Number.isFinite)) return "≈";
  const off = Math.abs(computed - result); // between infinities of two signs Infinity, of one NaN
  const same = Object.is(computed, result) || (off < Infinity && off <= 1e-12 * Math.abs(result));
  return (number(result).includes(".") ? asWritten(computed) === asWritten(result) : same) ? "=" : "≈";
}
const equalsProduct = (a, b, result) => (result === 0 && a && b ? "≈" : equals(asWritten(a) * asWritten(b), result, [a, b]));

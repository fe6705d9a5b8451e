// The Mersenne Twister (Matsumoto and Nishimura, 1998), and what Python and NumPy make of its numbers.
class Twister {
  constructor(seed) {
    this.words = new Uint32Array(624);
    this.words[0] = seed;
    for (let i = 1; i < 624; i++) this.words[i] = Math.imul(1812433253, this.before(i)) + i;
    this.at = 624;
    this.kept = null;
  }

  before(i) {
    const word = this.words[i - 1];
    return word ^ (word >>> 30);
  }

  bits(count = 32) {
    const { words } = this;
    if (this.at === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (words[i] & 0x80000000) | (words[(i + 1) % 624] & 0x7fffffff);
        words[i] = words[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.at = 0;
    }
    let y = words[this.at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> (32 - count);
  }

  random() {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 2 ** 53;
  }

  // Two normal numbers are made at a time; the second is kept.
  twoAtATime(make) {
    const [now, later] = this.kept === null ? make() : [this.kept, null];
    this.kept = later;
    return now;
  }

  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

class PythonRandom extends Twister {
  constructor(seed) {
    super(19650218);
    const { words } = this;
    const wrap = (i) => (i < 624 ? i : ((words[0] = words[623]), 1));
    let i = 1;
    for (let k = 0; k < 624; k++, i = wrap(i + 1)) words[i] = (words[i] ^ Math.imul(this.before(i), 1664525)) + seed;
    for (let k = 0; k < 623; k++, i = wrap(i + 1)) words[i] = (words[i] ^ Math.imul(this.before(i), 1566083941)) - i;
    words[0] = 0x80000000;
  }

  upTo(most) {
    for (;;) {
      const drawn = this.bits(32 - Math.clz32(most + 1));
      if (drawn <= most) return drawn;
    }
  }

  uniform(low, high) {
    return low + (high - low) * this.random();
  }

  gauss(mean, std) {
    return mean + std * this.twoAtATime(() => {
      const angle = this.random() * 2 * Math.PI;
      const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
      return [Math.cos(angle) * radius, Math.sin(angle) * radius];
    });
  }
}

class NumPyRandom extends Twister {
  upTo(most) {
    for (;;) {
      const drawn = (this.bits() & (2 ** (32 - Math.clz32(most)) - 1)) >>> 0;
      if (drawn <= most) return drawn;
    }
  }

  normal() {
    return this.twoAtATime(() => {
      for (;;) {
        const [x, y] = [2 * this.random() - 1, 2 * this.random() - 1];
        const square = x * x + y * y;
        if (square === 0 || square >= 1) continue;
        const scale = Math.sqrt((-2 * Math.log(square)) / square);
        return [scale * y, scale * x];
      }
    });
  }
}

/** RFC 8785, Appendix B: IEEE 754 bit patterns and the number text they must give. */
export const NUMBER_VECTORS: readonly (readonly [bits: string, text: string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

/** Appendix B's two patterns that JSON has no number for, and the other infinity. */
export const REFUSED_NUMBERS: readonly string[] = ['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'];

/** Whole documents: the RFC's own examples (3.2.2, 3.2.3), and one for each kind of trap. */
export const DOCUMENT_VECTORS: readonly { readonly name: string; readonly input: string; readonly output: string }[] = [
  {
    name: 'RFC 8785 section 3.2.2',
    input: String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`,
    output: `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
  },
  {
    name: 'RFC 8785 section 3.2.3, sorting',
    input: String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }`,
    output:
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
      '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  },
  {
    name: 'arrays keep their order',
    input: '[56, {"d": true, "10": null, "1": [ ]}]',
    output: '[56,{"1":[],"10":null,"d":true}]',
  },
  {
    name: 'no locale decides the order',
    input: '{"peach": 1, "péché": 2, "pêche": 3, "sin": 4, "Zebra": 5}',
    output: '{"Zebra":5,"peach":1,"péché":2,"pêche":3,"sin":4}',
  },
  {
    name: 'nested structures, empty and numeric names',
    input: '{"1": {"f": {"f": "hi", "F": 5}, "\\n": 56.0}, "10": { }, "": "empty", "a": { }, "111": [ { } ], "A": { }}',
    output: '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
  },
  {
    name: 'no normalization of text',
    input: String.raw`{"text": "A\u030a", "one": "\u00c5"}`,
    output: '{"one":"\u00c5","text":"A\u030a"}',
  },
  {
    name: 'values of all kinds',
    input: '{"b": [1e2, 0.1e1, -0, 1E-7, 123456789012345678901], "a": "", "c": null}',
    output: '{"a":"","b":[100,1,0,1e-7,123456789012345680000],"c":null}',
  },
  {
    name: 'weird names',
    input: String.raw`{"</script>": 1, "\u2028": 2, "\u007f": 3, "__proto__": {"toJSON": 4}, "\u0000": 5, "$": 6}`,
    output: '{"\\u0000":5,"$":6,"</script>":1,"__proto__":{"toJSON":4},"\u007f":3,"\u2028":2}',
  },
];

/** The number that has these bits. */
export function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE(0);
}

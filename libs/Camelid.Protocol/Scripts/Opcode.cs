namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule C-08: Bitcoin's operations, of which NOP9 and NOP10 have a meaning here. A byte that is not named refuses the
/// script where it runs.
/// </summary>
public enum Opcode
{
    /// <summary>Pushes nothing (an empty element); 0x01 … 0x4b push that many bytes.</summary>
    Zero = 0x00,
    /// <summary>A push whose length is one byte.</summary>
    PushData1 = 0x4c,
    /// <summary>A push whose length is two bytes.</summary>
    PushData2 = 0x4d,
    /// <summary>A push whose length is four bytes; never the shortest form, so always refused.</summary>
    PushData4 = 0x4e,
    /// <summary>Pushes −1.</summary>
    MinusOne = 0x4f,
    /// <summary>Refuses where it runs.</summary>
    Reserved = 0x50,
    /// <summary>Pushes 1; up to 0x60, which pushes 16.</summary>
    One = 0x51,
    /// <summary>Pushes 16.</summary>
    Sixteen = 0x60,

    /// <summary>Does nothing.</summary>
    Nop = 0x61,
    /// <summary>Refuses where it runs (VER).</summary>
    Version = 0x62,
    /// <summary>Takes a selector, empty or 0x01, and runs what follows where it is 0x01.</summary>
    If = 0x63,
    /// <summary>As <see cref="If"/>, the other way round.</summary>
    NotIf = 0x64,
    /// <summary>Refuses, run or not.</summary>
    VersionIf = 0x65,
    /// <summary>Refuses, run or not.</summary>
    VersionNotIf = 0x66,
    /// <summary>The other branch.</summary>
    Else = 0x67,
    /// <summary>The end of the branches.</summary>
    EndIf = 0x68,
    /// <summary>Takes a value and refuses the script where it is false.</summary>
    Verify = 0x69,
    /// <summary>Refuses where it runs.</summary>
    Return = 0x6a,

    /// <summary>Moves the top element to the other stack.</summary>
    ToAltStack = 0x6b,
    /// <summary>Moves the top element of the other stack here.</summary>
    FromAltStack = 0x6c,
    /// <summary>Takes two elements.</summary>
    TwoDrop = 0x6d,
    /// <summary>a b becomes a b a b.</summary>
    TwoDup = 0x6e,
    /// <summary>a b c becomes a b c a b c.</summary>
    ThreeDup = 0x6f,
    /// <summary>a b c d becomes a b c d a b.</summary>
    TwoOver = 0x70,
    /// <summary>a b c d e f becomes c d e f a b.</summary>
    TwoRotate = 0x71,
    /// <summary>a b c d becomes c d a b.</summary>
    TwoSwap = 0x72,
    /// <summary>Doubles the top element where it is true.</summary>
    IfDup = 0x73,
    /// <summary>Pushes the number of elements.</summary>
    Depth = 0x74,
    /// <summary>Takes the top element.</summary>
    Drop = 0x75,
    /// <summary>Doubles the top element.</summary>
    Dup = 0x76,
    /// <summary>a b becomes b.</summary>
    Nip = 0x77,
    /// <summary>a b becomes a b a.</summary>
    Over = 0x78,
    /// <summary>Takes n, and copies the element that is n below the top.</summary>
    Pick = 0x79,
    /// <summary>Takes n, and moves the element that is n below the top.</summary>
    Roll = 0x7a,
    /// <summary>a b c becomes b c a.</summary>
    Rotate = 0x7b,
    /// <summary>a b becomes b a.</summary>
    Swap = 0x7c,
    /// <summary>a b becomes b a b.</summary>
    Tuck = 0x7d,

    /// <summary>Disabled: refuses, run or not.</summary>
    Concatenate = 0x7e,
    /// <summary>Disabled: refuses, run or not.</summary>
    Substring = 0x7f,
    /// <summary>Disabled: refuses, run or not.</summary>
    Left = 0x80,
    /// <summary>Disabled: refuses, run or not.</summary>
    Right = 0x81,
    /// <summary>Pushes the length of the top element.</summary>
    Size = 0x82,
    /// <summary>Disabled: refuses, run or not.</summary>
    Invert = 0x83,
    /// <summary>Disabled: refuses, run or not.</summary>
    And = 0x84,
    /// <summary>Disabled: refuses, run or not.</summary>
    Or = 0x85,
    /// <summary>Disabled: refuses, run or not.</summary>
    Xor = 0x86,
    /// <summary>Takes two elements and pushes whether they are equal.</summary>
    Equal = 0x87,
    /// <summary><see cref="Equal"/> and <see cref="Verify"/>.</summary>
    EqualVerify = 0x88,
    /// <summary>Refuses where it runs.</summary>
    Reserved1 = 0x89,
    /// <summary>Refuses where it runs.</summary>
    Reserved2 = 0x8a,

    /// <summary>Adds 1 to a number.</summary>
    Increment = 0x8b,
    /// <summary>Takes 1 from a number.</summary>
    Decrement = 0x8c,
    /// <summary>Disabled: refuses, run or not (2MUL).</summary>
    Double = 0x8d,
    /// <summary>Disabled: refuses, run or not (2DIV).</summary>
    Halve = 0x8e,
    /// <summary>Changes the sign of a number.</summary>
    Negate = 0x8f,
    /// <summary>Makes a number positive.</summary>
    Absolute = 0x90,
    /// <summary>1 where a number is 0, else 0.</summary>
    Not = 0x91,
    /// <summary>0 where a number is 0, else 1.</summary>
    NotZero = 0x92,
    /// <summary>a + b.</summary>
    Add = 0x93,
    /// <summary>a − b.</summary>
    Subtract = 0x94,
    /// <summary>Disabled: refuses, run or not.</summary>
    Multiply = 0x95,
    /// <summary>Disabled: refuses, run or not.</summary>
    Divide = 0x96,
    /// <summary>Disabled: refuses, run or not.</summary>
    Remainder = 0x97,
    /// <summary>Disabled: refuses, run or not.</summary>
    ShiftLeft = 0x98,
    /// <summary>Disabled: refuses, run or not.</summary>
    ShiftRight = 0x99,
    /// <summary>Whether neither of two numbers is 0.</summary>
    BothTrue = 0x9a,
    /// <summary>Whether one of two numbers is not 0.</summary>
    EitherTrue = 0x9b,
    /// <summary>Whether two numbers are equal.</summary>
    NumberEqual = 0x9c,
    /// <summary><see cref="NumberEqual"/> and <see cref="Verify"/>.</summary>
    NumberEqualVerify = 0x9d,
    /// <summary>Whether two numbers differ.</summary>
    NumberNotEqual = 0x9e,
    /// <summary>Whether a is below b.</summary>
    Less = 0x9f,
    /// <summary>Whether a is above b.</summary>
    Greater = 0xa0,
    /// <summary>Whether a is at most b.</summary>
    LessOrEqual = 0xa1,
    /// <summary>Whether a is at least b.</summary>
    GreaterOrEqual = 0xa2,
    /// <summary>The lesser of two numbers.</summary>
    Least = 0xa3,
    /// <summary>The greater of two numbers.</summary>
    Greatest = 0xa4,
    /// <summary>Whether x is at least the lower and below the upper bound.</summary>
    Within = 0xa5,

    /// <summary>Replaces the top element by its RIPEMD-160.</summary>
    Ripemd160 = 0xa6,
    /// <summary>Replaces the top element by its SHA-1.</summary>
    Sha1 = 0xa7,
    /// <summary>Replaces the top element by its SHA-256.</summary>
    Sha256 = 0xa8,
    /// <summary>Replaces the top element by RIPEMD160(SHA256(x)).</summary>
    Hash160 = 0xa9,
    /// <summary>Replaces the top element by SHA256(SHA256(x)).</summary>
    Hash256 = 0xaa,
    /// <summary>Refuses, run or not: what is signed is always the whole script.</summary>
    CodeSeparator = 0xab,
    /// <summary>Takes a public key and a signature, and pushes whether it holds.</summary>
    CheckSig = 0xac,
    /// <summary><see cref="CheckSig"/> and <see cref="Verify"/>.</summary>
    CheckSigVerify = 0xad,
    /// <summary>
    /// Takes n, n keys, m, m signatures in the order of their keys and an empty element; pushes whether all hold.
    /// </summary>
    CheckMultiSig = 0xae,
    /// <summary><see cref="CheckMultiSig"/> and <see cref="Verify"/>.</summary>
    CheckMultiSigVerify = 0xaf,

    /// <summary>Does nothing.</summary>
    Nop1 = 0xb0,
    /// <summary>Refuses where the lock time is before the top element (BIP65).</summary>
    CheckLockTimeVerify = 0xb1,
    /// <summary>Refuses where the input is younger than the top element says (BIP112).</summary>
    CheckSequenceVerify = 0xb2,
    /// <summary>Does nothing.</summary>
    Nop4 = 0xb3,
    /// <summary>Does nothing.</summary>
    Nop5 = 0xb4,
    /// <summary>Does nothing.</summary>
    Nop6 = 0xb5,
    /// <summary>Does nothing.</summary>
    Nop7 = 0xb6,
    /// <summary>Does nothing.</summary>
    Nop8 = 0xb7,
    /// <summary>Bitcoin's NOP9: refuses unless chain state holds a final verdict against this stake.</summary>
    CheckVerdict = 0xb8,
    /// <summary>Bitcoin's NOP10: refuses unless the transaction is a job transaction (rules E-04 to E-09).</summary>
    CheckJob = 0xb9,
}

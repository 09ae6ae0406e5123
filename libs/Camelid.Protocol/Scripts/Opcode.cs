namespace Camelid.Protocol.Scripts;

/// <summary>Rule C-08: the operations. Any other byte is refused, run or not.</summary>
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

    /// <summary>Pushes 1; up to 0x60, which pushes 16.</summary>
    One = 0x51,

    /// <summary>Pushes 16.</summary>
    Sixteen = 0x60,

    /// <summary>Does nothing.</summary>
    Nop = 0x61,

    /// <summary>Takes a selector, empty or 0x01, and runs what follows where it is 0x01.</summary>
    If = 0x63,

    /// <summary>As <see cref="If"/>, the other way round.</summary>
    NotIf = 0x64,

    /// <summary>The other branch.</summary>
    Else = 0x67,

    /// <summary>The end of the branches.</summary>
    EndIf = 0x68,

    /// <summary>Takes a value and refuses the script where it is false.</summary>
    Verify = 0x69,

    /// <summary>Takes the top element.</summary>
    Drop = 0x75,

    /// <summary>Doubles the top element.</summary>
    Dup = 0x76,

    /// <summary>Pushes the length of the top element.</summary>
    Size = 0x82,

    /// <summary>Takes two elements and pushes whether they are equal.</summary>
    Equal = 0x87,

    /// <summary><see cref="Equal"/> and <see cref="Verify"/>.</summary>
    EqualVerify = 0x88,

    /// <summary>Replaces the top element by its SHA-256.</summary>
    Sha256 = 0xa8,

    /// <summary>Replaces the top element by RIPEMD160(SHA256(x)).</summary>
    Hash160 = 0xa9,

    /// <summary>Takes a public key and a signature, and pushes whether it holds.</summary>
    CheckSig = 0xac,

    /// <summary><see cref="CheckSig"/> and <see cref="Verify"/>.</summary>
    CheckSigVerify = 0xad,

    /// <summary>Refuses where the lock time is before the top element (BIP65).</summary>
    CheckLockTimeVerify = 0xb1,

    /// <summary>Refuses where the input is younger than the top element says (BIP112).</summary>
    CheckSequenceVerify = 0xb2,

    /// <summary>Bitcoin's NOP9: refuses unless chain state holds a final verdict against this stake.</summary>
    CheckVerdict = 0xb8,

    /// <summary>Bitcoin's NOP10: refuses unless the transaction is a job transaction (rules E-01 … E-07).</summary>
    CheckJob = 0xb9,
}

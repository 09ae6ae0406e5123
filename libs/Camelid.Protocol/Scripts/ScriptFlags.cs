namespace Camelid.Protocol.Scripts;

/// <summary>
/// What is demanded of a script beyond Bitcoin's first rules. Consensus here is one fixed set, <see cref="Camelid"/>;
/// others are for Bitcoin Core's vectors only.
/// </summary>
[Flags]
internal enum ScriptFlags
{
    /// <summary>Bitcoin as it was in 2009.</summary>
    None = 0,

    /// <summary>A locking script that hashes another one runs that too (P2SH). Not consensus here.</summary>
    ScriptHash = 1 << 0,

    /// <summary>Signatures are strict DER with a known type, keys compressed or uncompressed (STRICTENC).</summary>
    StrictEncoding = 1 << 1,

    /// <summary>Signatures are strict DER (DERSIG, BIP66).</summary>
    StrictDer = 1 << 2,

    /// <summary>Signatures have a low S (LOW_S).</summary>
    LowS = 1 << 3,

    /// <summary>The element that CHECKMULTISIG takes too many is empty (NULLDUMMY, BIP147).</summary>
    NullDummy = 1 << 4,

    /// <summary>An unlocking script only pushes (SIGPUSHONLY).</summary>
    PushOnly = 1 << 5,

    /// <summary>Pushes and numbers have their shortest form (MINIMALDATA).</summary>
    Minimal = 1 << 6,

    /// <summary>One element is left (CLEANSTACK).</summary>
    CleanStack = 1 << 7,

    /// <summary>NOP2 is CHECKLOCKTIMEVERIFY (BIP65).</summary>
    LockTime = 1 << 8,

    /// <summary>NOP3 is CHECKSEQUENCEVERIFY (BIP112).</summary>
    SequenceLock = 1 << 9,

    /// <summary>
    /// The selector of an IF is empty or 0x01 (MINIMALIF; Bitcoin asks it of witness scripts, we of all).
    /// </summary>
    MinimalIf = 1 << 10,

    /// <summary>A signature that does not hold is empty (NULLFAIL).</summary>
    NullFail = 1 << 11,

    /// <summary>
    /// What is signed is the whole script: no CODESEPARATOR, no signature inside it (CONST_SCRIPTCODE).
    /// </summary>
    WholeScript = 1 << 12,

    /// <summary>NOPs without a meaning refuse. Policy of Bitcoin's nodes; not consensus here.</summary>
    NoUnusedNops = 1 << 13,

    /// <summary>Keys are compressed. Not in Bitcoin's legacy script.</summary>
    CompressedKeys = 1 << 14,

    /// <summary>SINGLE without an output of the same index refuses. In Bitcoin the number 1 is signed then.</summary>
    SingleInRange = 1 << 15,

    /// <summary>NOP9 is CHECKVERDICT and NOP10 is CHECKJOB. Not in Bitcoin.</summary>
    JobOperations = 1 << 16,

    /// <summary>Consensus: rules C-07, C-08 and C-09.</summary>
    Camelid = StrictEncoding | StrictDer | LowS | NullDummy | PushOnly | Minimal | CleanStack | LockTime | SequenceLock
        | MinimalIf | NullFail | WholeScript | CompressedKeys | SingleInRange | JobOperations,
}

/// <summary>
/// Runs a script as Bitcoin would, for Bitcoin Core's vectors: signature hashes without the Job ID, other flags, and a
/// check of signatures and keys in forms that are refused here. Implemented by tests only.
/// </summary>
internal abstract class BitcoinCompat
{
    /// <summary>What is demanded.</summary>
    public abstract ScriptFlags Flags { get; }

    /// <summary>True where a signature in whatever form holds for a key in whatever form.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> key, Hash256 digest, ReadOnlySpan<byte> signature);
}

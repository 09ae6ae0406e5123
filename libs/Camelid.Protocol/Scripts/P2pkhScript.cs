using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Scripts;

/// <summary>
/// Pay to public key hash: <c>DUP HASH160 &lt;hash&gt; EQUALVERIFY CHECKSIG</c>, the script of an address.
/// </summary>
public readonly record struct P2pkhScript(Hash160 KeyHash)
{
    /// <summary>The script of a public key.</summary>
    public static P2pkhScript Of(PublicKey key) => new(Hash160.Of(key.Span));

    /// <summary>The locking script.</summary>
    public Script Build() => new ScriptBuilder().Op(Opcode.Dup).Op(Opcode.Hash160).Push(KeyHash.ToBytes())
        .Op(Opcode.EqualVerify).Op(Opcode.CheckSig).ToScript();

    /// <summary>Recognises what <see cref="Build"/> writes, and nothing else.</summary>
    public static bool TryParse(Script script, out P2pkhScript template)
    {
        ScriptPattern pattern = new(script);
        pattern.Op(Opcode.Dup);
        pattern.Op(Opcode.Hash160);
        Hash160 hash = Hash160.FromBytes(pattern.Data(Hash160.Bytes));
        pattern.Op(Opcode.EqualVerify);
        pattern.Op(Opcode.CheckSig);
        bool good = pattern.Matched();
        template = good ? new P2pkhScript(hash) : default;
        return good;
    }

    /// <summary>The unlocking script: signature with type, and public key.</summary>
    public static Script Unlock(ReadOnlySpan<byte> signature, PublicKey key) =>
        new ScriptBuilder().Push(signature).Push(key.Span).ToScript();
}

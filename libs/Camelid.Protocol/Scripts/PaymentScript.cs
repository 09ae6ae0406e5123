using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule E-02: a payment,
/// <c>&lt;H(testament)&gt; DROP IF SIZE 32 EQUALVERIFY HASH160 &lt;h(k)&gt; EQUALVERIFY &lt;Pn&gt; ELSE &lt;T_r&gt;
/// CLTV DROP &lt;Pc&gt; ENDIF CHECKSIG</c>: the worker takes it by revealing k, or the client has it back.
/// </summary>
/// <param name="TestamentHash">H(testament), which names all that was promised.</param>
/// <param name="KeyHash">h(k) = HASH160(k).</param>
/// <param name="Worker">Pn, the worker's reward key.</param>
/// <param name="RefundTime">T_r, Unix seconds.</param>
/// <param name="Client">Pc, the client's key.</param>
public readonly record struct PaymentScript(
    Hash256 TestamentHash, Hash160 KeyHash, PublicKey Worker, uint RefundTime, PublicKey Client)
{
    /// <summary>Bytes of k, the key that opens the output.</summary>
    public const int SecretBytes = 32;

    /// <summary>The locking script.</summary>
    /// <exception cref="ArgumentOutOfRangeException">T_r is before 500,000,000.</exception>
    public Script Build() => new ScriptBuilder()
        .Push(TestamentHash.ToBytes()).Op(Opcode.Drop)
        .Op(Opcode.If).Op(Opcode.Size).Number(SecretBytes).Op(Opcode.EqualVerify)
        .Op(Opcode.Hash160).Push(KeyHash.ToBytes()).Op(Opcode.EqualVerify).Push(Worker.Span)
        .Op(Opcode.Else).Number(ScriptPattern.CheckTime(RefundTime)).Op(Opcode.CheckLockTimeVerify).Op(Opcode.Drop)
        .Push(Client.Span).Op(Opcode.EndIf).Op(Opcode.CheckSig).ToScript();

    /// <summary>Recognises what <see cref="Build"/> writes, and nothing else.</summary>
    public static bool TryParse(Script script, out PaymentScript template)
    {
        ScriptPattern pattern = new(script);
        Hash256 testament = Hash256.FromBytes(pattern.Data(Hash256.Bytes));
        pattern.Op(Opcode.Drop);
        pattern.Op(Opcode.If);
        pattern.Op(Opcode.Size);
        ReadOnlySpan<byte> size = pattern.Data(1);
        pattern.Op(Opcode.EqualVerify);
        pattern.Op(Opcode.Hash160);
        Hash160 keyHash = Hash160.FromBytes(pattern.Data(Hash160.Bytes));
        pattern.Op(Opcode.EqualVerify);
        PublicKey worker = pattern.Key();
        pattern.Op(Opcode.Else);
        uint refund = pattern.Time();
        pattern.Op(Opcode.CheckLockTimeVerify);
        pattern.Op(Opcode.Drop);
        PublicKey client = pattern.Key();
        pattern.Op(Opcode.EndIf);
        pattern.Op(Opcode.CheckSig);
        bool good = pattern.Matched() && size[0] == SecretBytes;
        template = good ? new PaymentScript(testament, keyHash, worker, refund, client) : default;
        return good;
    }

    /// <summary>The worker's claim, which publishes k.</summary>
    public static Script UnlockClaim(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> secret) =>
        new ScriptBuilder().Push(signature).Push(secret).Op(Opcode.One).ToScript();

    /// <summary>The client's refund after T_r.</summary>
    public static Script UnlockRefund(ReadOnlySpan<byte> signature) =>
        new ScriptBuilder().Push(signature).Op(Opcode.Zero).ToScript();

    /// <summary>Reads k, 32 bytes, from the unlocking script of a claim that is in a block.</summary>
    public static bool TryReadSecret(Script unlock, out byte[] secret)
    {
        ScriptReader reader = new(unlock.Span);
        bool good = reader.TryRead(out ScriptStep _) & reader.TryRead(out ScriptStep second)
            & reader.TryRead(out ScriptStep selector) && second.Data.Length == SecretBytes
            && selector.Opcode == Opcode.One && !reader.TryRead(out ScriptStep _) && !reader.Failed;
        secret = good ? second.Data.ToArray() : [];
        return good;
    }
}

using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule E-01: a client's deposit, <c>IF CHECKJOB ELSE &lt;T_d&gt; CLTV DROP ENDIF &lt;Pc&gt; CHECKSIG</c>: until T_d it
/// can only pay for a job, afterwards the client may take it back.
/// </summary>
/// <param name="ExpiryTime">T_d, Unix seconds.</param>
/// <param name="Client">Pc, the client's key.</param>
public readonly record struct DepositScript(uint ExpiryTime, PublicKey Client)
{
    /// <summary>The locking script.</summary>
    /// <exception cref="ArgumentOutOfRangeException">T_d is before 500,000,000.</exception>
    public Script Build() => new ScriptBuilder()
        .Op(Opcode.If).Op(Opcode.CheckJob)
        .Op(Opcode.Else).Number(ScriptPattern.CheckTime(ExpiryTime)).Op(Opcode.CheckLockTimeVerify).Op(Opcode.Drop)
        .Op(Opcode.EndIf).Push(Client.Span).Op(Opcode.CheckSig).ToScript();

    /// <summary>Recognises what <see cref="Build"/> writes, and nothing else.</summary>
    public static bool TryParse(Script script, out DepositScript template)
    {
        ScriptPattern pattern = new(script);
        pattern.Op(Opcode.If);
        pattern.Op(Opcode.CheckJob);
        pattern.Op(Opcode.Else);
        uint expiry = pattern.Time();
        pattern.Op(Opcode.CheckLockTimeVerify);
        pattern.Op(Opcode.Drop);
        pattern.Op(Opcode.EndIf);
        PublicKey client = pattern.Key();
        pattern.Op(Opcode.CheckSig);
        bool good = pattern.Matched();
        template = good ? new DepositScript(expiry, client) : default;
        return good;
    }

    /// <summary>Unlocks for a job transaction, by the client's signature (type ALL).</summary>
    public static Script UnlockJob(ReadOnlySpan<byte> signature) =>
        new ScriptBuilder().Push(signature).Op(Opcode.One).ToScript();

    /// <summary>Unlocks after T_d, by the client's signature.</summary>
    public static Script UnlockExpired(ReadOnlySpan<byte> signature) =>
        new ScriptBuilder().Push(signature).Op(Opcode.Zero).ToScript();
}

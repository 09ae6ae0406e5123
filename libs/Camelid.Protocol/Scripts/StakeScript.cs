using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule E-03: a stake, <c>IF &lt;T_s&gt; CLTV DROP &lt;Pn&gt; CHECKSIG ELSE CHECKVERDICT 1 ENDIF</c>: the worker has it
/// back after T_s, unless a verdict takes it first.
/// </summary>
/// <param name="ReleaseTime">T_s, Unix seconds.</param>
/// <param name="Worker">Pn, the worker's key.</param>
public readonly record struct StakeScript(uint ReleaseTime, PublicKey Worker)
{
    /// <summary>The locking script.</summary>
    /// <exception cref="ArgumentOutOfRangeException">T_s is before 500,000,000.</exception>
    public Script Build() => new ScriptBuilder()
        .Op(Opcode.If).Number(ScriptPattern.CheckTime(ReleaseTime)).Op(Opcode.CheckLockTimeVerify).Op(Opcode.Drop)
        .Push(Worker.Span).Op(Opcode.CheckSig)
        .Op(Opcode.Else).Op(Opcode.CheckVerdict).Op(Opcode.One).Op(Opcode.EndIf).ToScript();

    /// <summary>Recognises what <see cref="Build"/> writes, and nothing else.</summary>
    public static bool TryParse(Script script, out StakeScript template)
    {
        ScriptPattern pattern = new(script);
        pattern.Op(Opcode.If);
        uint release = pattern.Time();
        pattern.Op(Opcode.CheckLockTimeVerify);
        pattern.Op(Opcode.Drop);
        PublicKey worker = pattern.Key();
        pattern.Op(Opcode.CheckSig);
        pattern.Op(Opcode.Else);
        pattern.Op(Opcode.CheckVerdict);
        pattern.Op(Opcode.One);
        pattern.Op(Opcode.EndIf);
        bool good = pattern.Matched();
        template = good ? new StakeScript(release, worker) : default;
        return good;
    }

    /// <summary>Unlocks after T_s, by the worker's signature.</summary>
    public static Script UnlockOwner(ReadOnlySpan<byte> signature) =>
        new ScriptBuilder().Push(signature).Op(Opcode.One).ToScript();

    /// <summary>Unlocks by a verdict; it needs no signature.</summary>
    public static Script UnlockVerdict() => new ScriptBuilder().Op(Opcode.Zero).ToScript();
}

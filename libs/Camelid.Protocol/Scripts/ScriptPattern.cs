using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Scripts;

/// <summary>Reads a locking script against a template, operation by operation; one miss refuses all.</summary>
internal ref struct ScriptPattern(Script script)
{
    private ScriptReader reader = new(script.Span);

    /// <summary>True once something did not match.</summary>
    public bool Failed { get; private set; }

    /// <summary>True where everything matched and nothing is left.</summary>
    public bool Matched()
    {
        bool more = reader.TryRead(out ScriptStep _);
        return !Failed && !more && !reader.Failed;
    }

    /// <summary>Expects one operation.</summary>
    public void Op(Opcode opcode)
    {
        if (!reader.TryRead(out ScriptStep step) || step.Opcode != opcode)
        {
            Failed = true;
        }
    }

    /// <summary>Expects a push of exactly so many bytes, 2 … 75.</summary>
    public ReadOnlySpan<byte> Data(int length)
    {
        if (!reader.TryRead(out ScriptStep step) || (int)step.Opcode != length || step.Data.Length != length)
        {
            Failed = true;
            return new byte[length];
        }

        return step.Data;
    }

    /// <summary>Expects a compressed public key.</summary>
    public PublicKey Key()
    {
        Failed |= !PublicKey.TryFromBytes(Data(PublicKey.Bytes), out PublicKey key);
        return key;
    }

    /// <summary>Expects a Unix time, 500,000,000 or later, in its shortest form.</summary>
    public uint Time()
    {
        if (!reader.TryRead(out ScriptStep step)
            || !step.IsPush || !step.IsMinimalPush
            || !ScriptNumber.TryDecode(step.Data, ScriptNumber.LockTimeBytesMax, out long time)
            || time is < Transactions.Transaction.LockTimeThreshold or > uint.MaxValue)
        {
            Failed = true;
            return 0;
        }

        return (uint)time;
    }

    /// <summary>Throws unless the time is a lock time in Unix seconds.</summary>
    internal static uint CheckTime(uint time) => time >= Transactions.Transaction.LockTimeThreshold
        ? time
        : throw new ArgumentOutOfRangeException(nameof(time), time, "a lock time in Unix seconds is ≥ 500,000,000");
}

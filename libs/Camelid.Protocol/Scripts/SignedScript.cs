namespace Camelid.Protocol.Scripts;

/// <summary>
/// What of a script a signature signs. All of it; Bitcoin cuts out the signature itself and each CODESEPARATOR, which
/// rule C-07 refuses instead, so that cutting is left to Bitcoin Core's vectors.
/// </summary>
internal static class SignedScript
{
    /// <summary>True where the push of a signature stands among the operations of a script.</summary>
    public static bool Holds(ReadOnlySpan<byte> script, ReadOnlySpan<byte> signature)
    {
        if (script.IndexOf(signature) < 0)
        {
            return false;
        }

        byte[] push = PushOf(signature);
        ScriptReader reader = new(script);
        int at = 0;
        do
        {
            if (script[at..].StartsWith(push))
            {
                return true;
            }
        }
        while (Next(ref reader, ref at));

        return false;
    }

    /// <summary>Bitcoin's FindAndDelete: the script without the pushes of a signature between its operations.</summary>
    public static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> script, ReadOnlySpan<byte> signature)
    {
        byte[] push = PushOf(signature);
        ReadOnlySpan<byte> bytes = script.Span;
        List<byte> kept = new(bytes.Length);
        int from = 0;
        int at = 0;
        ScriptReader reader = new(bytes);
        do
        {
            kept.AddRange(bytes[from..at]);
            while (bytes[at..].StartsWith(push))
            {
                at += push.Length;
                reader = new ScriptReader(bytes, at);
            }

            from = at;
        }
        while (Next(ref reader, ref at));

        kept.AddRange(bytes[from..]);
        return kept.ToArray();
    }

    /// <summary>The script without its CODESEPARATORs; what follows a broken push stays.</summary>
    public static ReadOnlyMemory<byte> WithoutSeparators(ReadOnlyMemory<byte> script)
    {
        ReadOnlySpan<byte> bytes = script.Span;
        List<byte> kept = new(bytes.Length);
        ScriptReader reader = new(bytes);
        int from = 0;
        while (reader.TryRead(out ScriptStep step))
        {
            if (step.Opcode != Opcode.CodeSeparator)
            {
                kept.AddRange(bytes[from..step.End]);
            }

            from = step.End;
        }

        kept.AddRange(bytes[from..]);
        return kept.ToArray();
    }

    private static bool Next(ref ScriptReader reader, ref int at)
    {
        bool more = reader.TryRead(out ScriptStep step);
        at = more ? step.End : at;
        return more;
    }

    /// <summary>The push of these bytes by length, without the short forms of small numbers.</summary>
    private static byte[] PushOf(ReadOnlySpan<byte> data) => data.Length switch
    {
        <= 0x4b => [(byte)data.Length, .. data],
        <= byte.MaxValue => [(byte)Opcode.PushData1, (byte)data.Length, .. data],
        _ => [(byte)Opcode.PushData2, (byte)data.Length, (byte)(data.Length >> 8), .. data],
    };
}

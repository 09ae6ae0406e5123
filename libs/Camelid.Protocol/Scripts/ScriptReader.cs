using System.Buffers.Binary;

namespace Camelid.Protocol.Scripts;

/// <summary>One operation of a script, with the bytes that it pushes.</summary>
internal readonly ref struct ScriptStep(Opcode opcode, ReadOnlySpan<byte> data, int end)
{
    /// <summary>The operation; a push has its length here, 0x01 … 0x4b, or a PushData form.</summary>
    public Opcode Opcode { get; } = opcode;

    /// <summary>The bytes pushed, where it is a push of bytes.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>The offset of what follows.</summary>
    public int End { get; } = end;

    /// <summary>True for everything up to OP_16, OP_RESERVED (0x50) aside.</summary>
    public bool IsPush => Opcode <= Opcode.Sixteen && Opcode != Opcode.Reserved;

    /// <summary>True where the bytes are pushed in the shortest form (BIP62, rule 3).</summary>
    public bool IsMinimalPush => Data.Length switch
    {
        0 => Opcode is Opcode.Zero or > Opcode.PushData4,
        1 when Data[0] is (>= 1 and <= 16) or 0x81 => false,
        <= 0x4b => (int)Opcode == Data.Length,
        <= byte.MaxValue => Opcode == Opcode.PushData1,
        <= ushort.MaxValue => Opcode == Opcode.PushData2,
        _ => false,
    };
}

/// <summary>Walks over the operations of a script.</summary>
internal ref struct ScriptReader(ReadOnlySpan<byte> script, int position = 0)
{
    private readonly ReadOnlySpan<byte> script = script;
    private int position = position;

    /// <summary>True once a push reached past the end.</summary>
    public bool Failed { get; private set; }

    /// <summary>The next operation; false at the end, or where a push reaches past it.</summary>
    public bool TryRead(out ScriptStep step)
    {
        step = default;
        if (Failed || position == script.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = script[(position + 1)..];
        byte code = script[position];
        long length = code;
        if (code >= (byte)Opcode.PushData1)
        {
            int lengthBytes = code switch { 0x4c => 1, 0x4d => 2, 0x4e => 4, _ => 0 };
            if (rest.Length < lengthBytes)
            {
                Failed = true;
                return false;
            }

            length = code switch
            {
                0x4c => rest[0],
                0x4d => BinaryPrimitives.ReadUInt16LittleEndian(rest),
                0x4e => BinaryPrimitives.ReadUInt32LittleEndian(rest),
                _ => 0,
            };
            rest = rest[lengthBytes..];
        }

        if (length > rest.Length)
        {
            Failed = true;
            return false;
        }

        position = script.Length - rest.Length + (int)length;
        step = new ScriptStep((Opcode)code, rest[..(int)length], position);
        return true;
    }
}

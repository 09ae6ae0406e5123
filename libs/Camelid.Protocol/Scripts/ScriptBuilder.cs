namespace Camelid.Protocol.Scripts;

/// <summary>Writes scripts, each push in its shortest form.</summary>
public sealed class ScriptBuilder
{
    private readonly CanonicalWriter writer = new();

    /// <summary>An operation.</summary>
    public ScriptBuilder Op(Opcode opcode)
    {
        writer.Byte((byte)opcode);
        return this;
    }

    /// <summary>Bytes, at most 65,535.</summary>
    /// <exception cref="ArgumentException">There are more.</exception>
    public ScriptBuilder Push(ReadOnlySpan<byte> data)
    {
        switch (data.Length)
        {
            case 0:
                return Op(Opcode.Zero);
            case 1 when data[0] is >= 1 and <= 16:
                return Op((Opcode)((int)Opcode.One + data[0] - 1));
            case 1 when data[0] == 0x81:
                return Op(Opcode.MinusOne);
            case <= 0x4b:
                writer.Byte((byte)data.Length);
                break;
            case <= byte.MaxValue:
                Op(Opcode.PushData1);
                writer.Byte((byte)data.Length);
                break;
            case <= ushort.MaxValue:
                Op(Opcode.PushData2);
                writer.UInt16((ushort)data.Length);
                break;
            default:
                throw new ArgumentException($"a push has at most {ushort.MaxValue} bytes", nameof(data));
        }

        writer.Raw(data);
        return this;
    }

    /// <summary>A number, in its shortest form.</summary>
    public ScriptBuilder Number(long value) => Push(ScriptNumber.Encode(value));

    /// <summary>What was written.</summary>
    public Script ToScript() => new(writer.Written);
}

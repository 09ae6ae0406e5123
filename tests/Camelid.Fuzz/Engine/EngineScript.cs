using System.Buffers.Binary;

namespace Camelid.Fuzz.Engine;

/// <summary>What happens in a step of a sequence; the byte of the input modulo the number of these.</summary>
internal enum EngineStep : byte
{
    /// <summary>The peer connects.</summary>
    Connect,

    /// <summary>The peer connects and proves its key.</summary>
    Greet,

    /// <summary>The peer ends its connection.</summary>
    Disconnect,

    /// <summary>Time passes: one byte, tenths of a second; from 200 on, seconds.</summary>
    Pass,

    /// <summary>Bytes as they are: two bytes of length, then they.</summary>
    Bytes,

    /// <summary>A frame whose head is put right: a byte for the command, two of length, then the payload.</summary>
    Payload,

    /// <summary>A good message: a byte that says which, a byte for what it is about.</summary>
    Message,

    /// <summary>As <see cref="Message"/>, in two pieces: another byte says where it is cut.</summary>
    Pieces,

    /// <summary>The peer stops to take what is sent, or takes it again.</summary>
    Stall,

    /// <summary>The node is to connect to somebody: the next one connects back, or does not.</summary>
    Dial,

    /// <summary>The operator bans, frees or drops the peer.</summary>
    Operate,
}

/// <summary>Writes sequences by hand, for the corpus.</summary>
internal sealed class EngineScript
{
    /// <summary>Steps of the longest sequence.</summary>
    public const int StepsMax = 200;

    private readonly List<byte> bytes = [];

    /// <summary>Adds a step.</summary>
    public EngineScript Do(EngineStep step, byte peer = 0, params byte[] arguments)
    {
        bytes.Add((byte)step);
        if (step != EngineStep.Pass)
        {
            bytes.Add(peer);
        }

        bytes.AddRange(arguments);
        return this;
    }

    /// <summary>Adds bytes that the peer sends as they are.</summary>
    public EngineScript Send(byte peer, byte[] sent)
    {
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)sent.Length);
        return Do(EngineStep.Bytes, peer, [.. length, .. sent]);
    }

    /// <summary>The input.</summary>
    public byte[] ToArray() => [.. bytes];
}

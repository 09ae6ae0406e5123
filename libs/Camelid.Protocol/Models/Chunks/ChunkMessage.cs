namespace Camelid.Protocol.Models.Chunks;

/// <summary>What a message of a chunk stream is; the first byte of its frame's body.</summary>
public enum ChunkKind : byte
{
    /// <summary>No kind that is known.</summary>
    Unknown = 0,

    /// <summary>Both sides' first message: <see cref="ChunkHello"/>.</summary>
    Hello = 1,

    /// <summary>Asks for a part of a model's head: <see cref="GetHead"/>.</summary>
    GetHead = 2,

    /// <summary>Such a part: <see cref="HeadPart"/>.</summary>
    HeadPart = 3,

    /// <summary>Asks which chunks are there: <see cref="GetHave"/>.</summary>
    GetHave = 4,

    /// <summary>Those that are: <see cref="HaveChunks"/>.</summary>
    HaveChunks = 5,

    /// <summary>Asks for chunks of one file: <see cref="GetChunks"/>.</summary>
    GetChunks = 6,

    /// <summary>One chunk with its path: <see cref="ChunkAnswer"/>.</summary>
    Chunk = 7,

    /// <summary>What was asked for is not there: <see cref="HaveNot"/>.</summary>
    HaveNot = 8,

    /// <summary>Why the sender ends the stream: <see cref="ChunkBye"/>.</summary>
    Bye = 9,
}

/// <summary>
/// Rule J-30: a message of a chunk stream. Its frame is the length of the body (u32) ‖ kind (u8) ‖ content, inside an
/// encrypted link (P-22 … P-24). One value has one encoding, and only that is read; each kind has its own bound.
/// </summary>
public abstract record ChunkMessage
{
    /// <summary>Bytes before the body of a frame.</summary>
    public const int LengthBytes = 4;

    /// <summary>Bytes that say all that is needed to judge a frame's size: length and kind.</summary>
    public const int PrefixBytes = LengthBytes + 1;

    /// <summary>Most bytes of the body of what an asker sends: all of it is small.</summary>
    public const int AskBytesMax = GetChunks.BytesMax;

    /// <summary>Most bytes of a body.</summary>
    public const int BodyBytesMax = ChunkAnswer.BytesMax;

    private protected ChunkMessage()
    {
    }

    /// <summary>What it is.</summary>
    public abstract ChunkKind Kind { get; }

    /// <summary>Most bytes of the body of a kind, the kind's byte included; 0 for no kind.</summary>
    public static int BodyBytesMaxOf(ChunkKind kind) => kind switch
    {
        ChunkKind.Hello => ChunkHello.BytesMax,
        ChunkKind.GetHead => GetHead.BytesMax,
        ChunkKind.HeadPart => HeadPart.BytesMax,
        ChunkKind.GetHave => GetHave.BytesMax,
        ChunkKind.HaveChunks => HaveChunks.BytesMax,
        ChunkKind.GetChunks => GetChunks.BytesMax,
        ChunkKind.Chunk => ChunkAnswer.BytesMax,
        ChunkKind.HaveNot => HaveNot.BytesMax,
        ChunkKind.Bye => ChunkBye.BytesMax,
        _ => 0,
    };

    /// <summary>Rule J-30: true for a prefix whose kind is known and whose length is within its bound.</summary>
    /// <param name="prefix">The first <see cref="PrefixBytes"/> bytes of a frame.</param>
    /// <param name="bodyBytes">Bytes of the body, the kind's byte included.</param>
    public static bool TryReadPrefix(ReadOnlySpan<byte> prefix, out int bodyBytes)
    {
        CanonicalReader reader = new(prefix);
        uint length = reader.UInt32();
        int bound = BodyBytesMaxOf((ChunkKind)reader.Byte());
        bodyBytes = length <= bound ? (int)length : 0;
        return !reader.Failed && bodyBytes > 0;
    }

    /// <summary>The frame: length, kind and content.</summary>
    public byte[] EncodeFrame()
    {
        CanonicalWriter writer = new();
        writer.Byte((byte)Kind);
        Write(writer);
        return new CanonicalWriter().Bytes(writer.Written).ToArray();
    }

    /// <summary>Reads the body of a frame: kind and content; null for bytes that are not one's.</summary>
    /// <param name="body">The body. A chunk's content is a slice of it and lives as long.</param>
    public static ChunkMessage? Decode(ReadOnlyMemory<byte> body)
    {
        CanonicalReader reader = new(body.Span);
        ChunkKind kind = (ChunkKind)reader.Byte();
        if (body.Length > BodyBytesMaxOf(kind))
        {
            return null;
        }

        if (kind == ChunkKind.Chunk)
        {
            return ChunkAnswer.Read(ref reader, body);
        }

        ChunkMessage? read = kind switch
        {
            ChunkKind.Hello => ChunkHello.Read(ref reader),
            ChunkKind.GetHead => new GetHead(reader.Hash(), reader.Count(ModelHead.BytesMax)),
            ChunkKind.HeadPart => HeadPart.Read(ref reader),
            ChunkKind.GetHave => new GetHave(reader.Hash()),
            ChunkKind.HaveChunks => HaveChunks.Read(ref reader),
            ChunkKind.GetChunks => GetChunks.Read(ref reader),
            ChunkKind.HaveNot => HaveNot.Read(ref reader),
            ChunkKind.Bye => ChunkBye.Read(ref reader),
            _ => null,
        };
        return reader.AtEnd ? read : null;
    }

    internal abstract void Write(CanonicalWriter writer);
}

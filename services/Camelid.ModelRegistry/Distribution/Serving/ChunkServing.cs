using Camelid.ModelRegistry.Distribution.Links;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>What all streams of a server share.</summary>
internal sealed class ChunkServing(
    ServingOptions options, ChunkShelf shelf, ChunkLinkTerms terms, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private long bytesSent;
    private long chunksSent;

    public ServingOptions Options => options;

    public ChunkShelf Shelf => shelf;

    public ChunkLinkTerms Terms => terms;

    public Hash256 Genesis { get; } = terms.Network.GenesisHash.Value;

    public UploadPace Pace { get; } = new(options.UploadBytesPerSecond, time);

    /// <summary>Time since the start.</summary>
    public TimeSpan Now => time.GetElapsedTime(started);

    /// <summary>Bytes of chunks that were sent.</summary>
    public long BytesSent => Interlocked.Read(ref bytesSent);

    /// <summary>Called after each chunk that was sent, with their number so far.</summary>
    public Action<long>? ChunkSent { get; set; }

    public void Sent(int bytes)
    {
        Interlocked.Add(ref bytesSent, bytes);
        ChunkSent?.Invoke(Interlocked.Increment(ref chunksSent));
    }
}

using System.Net;
using System.Net.Sockets;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;
using Microsoft.Win32.SafeHandles;

namespace Camelid.Benchmarks.Models;

/// <summary>
/// The bytes of a package over three streams on loopback into files, each stream a third of every file: what a download
/// is compared with. Encrypted, it is the same link and the same frames without asks and without proofs; else bare TCP.
/// </summary>
internal sealed class PlainCopy(ModelPackage package, string folder, ChunkLinkTerms? terms)
{
    private const int StreamsCount = 3, PieceBytes = 1 << 18;

    /// <summary>Copies; the files are closed and flushed by <see cref="Flush"/>.</summary>
    public async Task RunAsync()
    {
        Directory.CreateDirectory(folder);
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(StreamsCount);
        EndPoint at = listener.LocalEndPoint!;
        await Task.WhenAll(Enumerable.Range(0, StreamsCount).SelectMany(stream => new[]
        {
            Task.Run(() => SendAsync(listener, stream)), Task.Run(() => ReceiveAsync(at)),
        }));
    }

    /// <summary>All of it to the disk, as an installed model is.</summary>
    public void Flush()
    {
        foreach (PackageFile file in package.Manifest.Files)
        {
            using SafeFileHandle handle = File.OpenHandle(
                Path.Combine(folder, file.Path), FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    private async Task SendAsync(Socket listener, int stream)
    {
        using Socket socket = await listener.AcceptAsync();
        (socket.NoDelay, socket.SendBufferSize) = (true, ChunkLink.SocketBufferBytes);
        using ChunkLink? link = terms is null
            ? null : await ChunkLink.AnswerAsync(socket, terms, CancellationToken.None);
        await SendRawAsync(socket, new[] { (byte)stream });
        byte[] piece = new byte[PieceBytes];
        for (int file = 0; file < package.Manifest.Files.Count; file++)
        {
            PackageFile listed = package.Manifest.Files[file];
            using SafeFileHandle handle = File.OpenHandle(Path.Combine(package.Folder, listed.Path));
            for (int chunk = stream; chunk < listed.Chunks.Count; chunk += StreamsCount)
            {
                int length = ChunkTree.ChunkLength(listed.Bytes, chunk);
                if (link is not null)
                {
                    await link.WriteAsync(
                        ChunkAnswer.EncodeFrameBefore(package.Root, new ChunkPlace(file, chunk), [], length), default);
                }

                for (int sent = 0; sent < length;)
                {
                    int read = RandomAccess.Read(handle, piece.AsSpan(0, Math.Min(PieceBytes, length - sent)),
                        ((long)chunk * ChunkTree.ChunkBytes) + sent);
                    await (link is null ? SendRawAsync(socket, piece.AsMemory(0, read))
                        : link.WriteAsync(piece.AsMemory(0, read), default).AsTask());
                    sent += read;
                }

                await (link is null ? Task.CompletedTask : link.FlushAsync(default).AsTask());
            }
        }
    }

    private static async Task SendRawAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    private async Task ReceiveAsync(EndPoint at)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true, ReceiveBufferSize = ChunkLink.SocketBufferBytes,
        };
        await socket.ConnectAsync(at);
        using ChunkLink? link = terms is null
            ? null : await ChunkLink.CallAsync(socket, terms, hashesChunks: false, CancellationToken.None);
        byte[] piece = new byte[PieceBytes];
        await socket.ReceiveAsync(piece.AsMemory(0, 1));
        int stream = piece[0];
        foreach (PackageFile file in package.Manifest.Files)
        {
            using SafeFileHandle handle = File.OpenHandle(Path.Combine(folder, file.Path), FileMode.OpenOrCreate,
                FileAccess.ReadWrite, FileShare.ReadWrite);
            for (int chunk = stream; chunk < file.Chunks.Count; chunk += StreamsCount)
            {
                long start = (long)chunk * ChunkTree.ChunkBytes;
                int length = ChunkTree.ChunkLength(file.Bytes, chunk);
                if (link is not null)
                {
                    ReceivedFrame? frame = await link.ReceiveAsync(ChunkMessage.BodyBytesMax, default);
                    RandomAccess.Write(handle, ((ChunkAnswer)frame!.Decode()!).Content.Span, start);
                    continue;
                }

                for (int have = 0; have < length;)
                {
                    int read = await socket.ReceiveAsync(piece.AsMemory(0, Math.Min(PieceBytes, length - have)));
                    RandomAccess.Write(handle, piece.AsSpan(0, read), start + have);
                    have += read;
                }
            }
        }
    }
}

using Camelid.ModelRegistry.Distribution.Links;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Asks one holder over one stream: receives chunks, proves them, and writes those that are proven.</summary>
internal sealed class HolderTalk(
    FetchBoard board, HolderRoster roster, PartialPackage package, ChunkLinkTerms terms, TimeProvider time)
{
    /// <summary>One connection, from its greeting to its end. Returns then, whatever the holder did.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task RunAsync(HolderStream stream, CancellationToken cancellation)
    {
        HolderFault fault = HolderFault.Gone;
        string said = "";
        try
        {
            HolderLink link = await HolderLink.OpenAsync(stream.Holder.Address, terms, time, cancellation);
            try
            {
                ChunkBits? has = await link.FetchHaveAsync(package.Root, package.Head.Layout);
                if (board.Join(stream, link, has))
                {
                    await ReceiveAsync(stream, link, cancellation);
                }
            }
            finally
            {
                await link.CloseAsync();
            }
        }
        catch (HolderException exception)
        {
            (fault, said) = (exception.Fault, exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The download ends.
        }
        finally
        {
            board.Leave(stream, fault);
        }

        if (said.Length > 0 && !cancellation.IsCancellationRequested)
        {
            roster.Blame(stream.Holder, fault, said);
        }
    }

    private async Task ReceiveAsync(HolderStream stream, HolderLink link, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && !stream.Holder.Fault.IsForGood())
        {
            ReceivedFrame frame = await link.ReceiveAsync();
            switch (frame.Decode())
            {
                case ChunkAnswer answer when board.Receive(stream, answer):
                    stream.AddBytes(answer.Content.Length);
                    Judge(stream, answer, frame);
                    break;
                case ChunkAnswer:
                    throw new HolderException(HolderFault.Unasked, "a chunk that was not asked for");
                case HaveNot lack when lack.Root == package.Root && board.Lack(stream, lack):
                    break;
                default:
                    throw new HolderException(HolderLink.FaultOf(frame), "no chunk that was asked for");
            }
        }
    }

    private void Judge(HolderStream stream, ChunkAnswer answer, ReceivedFrame frame)
    {
        ModelLayout layout = package.Head.Layout;
        bool isProven = frame.Leaf is { } leaf && answer.IsProven(layout, leaf);
        if (isProven)
        {
            package.Write(answer.Place, answer.Content.Span);
        }

        else
        {
            // Before the plan ends its other streams: what they still bring is not the fault that counts.
            roster.Blame(stream.Holder, HolderFault.WrongChunk,
                $"chunk {answer.Place.Index} of {layout.Files[answer.Place.File].Path} is not the model's");
        }

        board.Judge(stream, answer.Place, isProven);
    }
}

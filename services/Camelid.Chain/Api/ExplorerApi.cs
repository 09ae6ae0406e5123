using Camelid.Chain.Blocks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Chain.Rpc;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Google.Protobuf;
using BlockHash = Camelid.Protocol.Blocks.BlockHash;

namespace Camelid.Chain.Api;

/// <summary>The explorer as JSON, below <c>/api/chain</c>: the documents of explorer.proto.</summary>
internal static class ExplorerApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder chain)
    {
        chain.MapGet("/view/blocks/{id}", (BlockExplorer blocks, string id, int? from) =>
            Answer(blocks.ShowBlock(id, from ?? 0), $"no block '{id}': give a height or a hash of 64 digits"));
        chain.MapGet("/view/tx/{txid}", async (BlockExplorer blocks, string txid, CancellationToken cancellation) =>
            Answer(
                await blocks.ShowTransactionAsync(txid, cancellation),
                $"no transaction '{txid}' on the active chain or in the mempool"));
        chain.MapGet("/view/addresses/{address}", AddressAsync);
        chain.MapGet("/view/jobs/{id}", async (BlockExplorer blocks, string id, CancellationToken cancellation) =>
            JobId.TryParse(id, out JobId job)
                ? Answer(await blocks.ShowJobAsync(job, cancellation), "")
                : Bad($"'{id}' is not a job id: 64 lower-case hexadecimal digits"));
        chain.MapGet("/view/search", async (BlockExplorer blocks, string? q, CancellationToken cancellation) =>
            Answer(await blocks.SearchAsync(q ?? "", cancellation), ""));
        chain.MapPost("/blocks/{hash}/invalidate", (ChainCore core, ChainReader reader, string hash) =>
            Change(hash, core.Invalidate, reader));
        chain.MapPost("/blocks/{hash}/reconsider", (ChainCore core, ChainReader reader, string hash) =>
            Change(hash, core.Reconsider, reader));
    }

    private static async Task<IResult> AddressAsync(
        AddressExplorer addresses, ChainIdentity identity, string address, string? cursor, int? limit,
        CancellationToken cancellation)
    {
        if (!Address.TryParse(address, identity.Network, out Address parsed))
        {
            return Bad($"'{address}' is no address of the network {identity.Network.Name}");
        }

        return ExplorerMapping.TryReadCursor(cursor ?? "", out ChainPlace below)
            ? Answer(await addresses.ShowAsync(parsed, below, limit ?? 0, cancellation), "")
            : Bad($"cursor: '{cursor}' is not the cursor of an earlier answer");
    }

    private static IResult Change(string text, Func<BlockHash, BlockAcceptance> change, ChainReader reader)
    {
        if (!BlockHash.TryParse(text, out BlockHash hash))
        {
            return Bad($"'{text}' is not a block hash: 64 lower-case hexadecimal digits");
        }

        RuleCode code = change(hash).Code;
        return code switch
        {
            RuleCode.BlockUnknown => Results.Problem($"no block '{text}' is known", statusCode: 404),
            RuleCode.GenesisStays => Results.Problem("the first block stays", statusCode: 409),
            _ => Results.Ok(ChainApi.StatusOf(reader.Status())),
        };
    }

    private static IResult Answer(IMessage? message, string missing) => message is null
        ? Results.Problem(missing, statusCode: StatusCodes.Status404NotFound)
        : MessageJson.Answer(message);

    private static IResult Bad(string message) =>
        Results.Problem(message, statusCode: StatusCodes.Status400BadRequest);
}

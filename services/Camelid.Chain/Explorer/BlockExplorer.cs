using System.Globalization;
using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Chain.Rpc;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using BlockHash = Camelid.Protocol.Blocks.BlockHash;

namespace Camelid.Chain.Explorer;

/// <summary>Blocks, transactions and jobs, decoded for people.</summary>
internal sealed class BlockExplorer(
    ChainState state, TransactionPool pool, ChainReader reader, ChainTotals totals, OutputIndex outputs)
{
    /// <summary>Most transactions of a block in one answer.</summary>
    public const int TransactionsMax = 200;

    private const int JobTransactionsMax = 50;

    /// <summary>A longer row of digits is a hash.</summary>
    private const int HeightDigitsMax = 10;

    /// <summary>A block by height or hash, on whatever branch; null where none is known.</summary>
    /// <param name="id">A height of the active chain, or 64 digits.</param>
    /// <param name="from">The first transaction to show.</param>
    public BlockView? ShowBlock(string id, int from)
    {
        BlockEntry? entry = state.Read(reading =>
            id.Length <= HeightDigitsMax
            && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int height)
                ? reading.Active.ElementAtOrDefault(height)
                : BlockHash.TryParse(id, out BlockHash hash) ? reading.Find(hash) : null);
        return entry is null ? null : ViewOf(entry, Math.Max(0, from));
    }

    /// <summary>A transaction of the active chain or the mempool; null where neither has it.</summary>
    public async Task<TransactionView?> ShowTransactionAsync(string id, CancellationToken cancellationToken)
    {
        if (!Txid.TryParse(id, out Txid txid)
            || await reader.FindTransactionAsync(txid, cancellationToken) is not { } found
            || !Transaction.TryDecode(found.Raw.Span, out Transaction? transaction))
        {
            return null;
        }

        TransactionView view = new()
        {
            Line = ExplorerMapping.LineOf(transaction, found.FeeGrains),
            Version = transaction.Version,
            LockTime = transaction.LockTime,
            Confirmations = found.Confirmations,
            Height = found.Height,
            BlockHash = found.Confirmations == 0 ? "" : Hash256.FromBytes(found.BlockHash.Span).ToReversedHex(),
            BlockTimeUnix = found.BlockTimeUnix,
            Raw = Convert.ToHexStringLower(transaction.EncodedSpan),
        };
        foreach (TxInput input in transaction.Inputs)
        {
            view.Inputs.Add(await InputOfAsync(transaction, input, cancellationToken));
        }

        for (int i = 0; i < transaction.Outputs.Count; i++)
        {
            OutputRow? row = found.Confirmations == 0
                ? null
                : await outputs.FindAsync(new OutPoint(txid, (uint)i), cancellationToken);
            view.Outputs.Add(
                ExplorerMapping.OutputOf(transaction.Outputs[i], i, row?.SpentTxid ?? "", state.Network));
        }

        return view;
    }

    /// <summary>The transactions of a job.</summary>
    public async Task<JobView> ShowJobAsync(JobId jobId, CancellationToken cancellationToken)
    {
        JobView view = new() { JobId = jobId.ToString() };
        foreach (TransactionRow row in await totals.OfJobAsync(view.JobId, JobTransactionsMax, cancellationToken))
        {
            BlockEntry? entry = state.Read(reading => reading.Active.ElementAtOrDefault((int)row.Height));
            Transaction? transaction =
                entry is null ? null : state.TryReadBlock(entry)?.Transactions.ElementAtOrDefault((int)row.Position);
            if (transaction is not null && transaction.JobId == jobId)
            {
                view.Transactions.Add(new JobTransactionView
                {
                    Line = ExplorerMapping.LineOf(transaction, row.FeeGrains), Height = (int)row.Height,
                });
            }
        }

        view.Transactions.AddRange(pool.List().Where(entry => entry.Transaction.JobId == jobId)
            .Select(entry => new JobTransactionView
            {
                Line = ExplorerMapping.LineOf(entry.Transaction, entry.Fee.Grains),
            }));
        return view;
    }

    /// <summary>What a text names.</summary>
    public async Task<SearchReply> SearchAsync(string text, CancellationToken cancellationToken)
    {
        string id = text.Trim();
        if (ShowBlock(id, int.MaxValue) is { } block)
        {
            return new SearchReply { Kind = "block", Id = block.Hash };
        }

        if (Txid.TryParse(id, out Txid txid)
            && await reader.FindTransactionAsync(txid, cancellationToken) is not null)
        {
            return new SearchReply { Kind = "transaction", Id = id };
        }

        if (Address.TryParse(id, state.Network, out Address _))
        {
            return new SearchReply { Kind = "address", Id = id };
        }

        bool isJob = Hash256.TryParse(id, out Hash256 job)
            && (await ShowJobAsync(new JobId(job), cancellationToken)).Transactions.Count > 0;
        return new SearchReply { Kind = isJob ? "job" : "none", Id = isJob ? id : "" };
    }

    private BlockView ViewOf(BlockEntry entry, int from)
    {
        (bool isActive, int tip, string next) = state.Read(reading => (
            reading.IsActive(entry), reading.Tip.Height,
            reading.IsActive(entry) && entry.Height < reading.Tip.Height
                ? reading.Active[entry.Height + 1].Hash.ToString()
                : ""));
        BlockView view = new()
        {
            Hash = entry.Hash.ToString(),
            Height = entry.Height,
            Active = isActive,
            Confirmations = isActive ? tip - entry.Height + 1 : 0,
            PreviousHash = entry.Parent?.Hash.ToString() ?? "",
            NextHash = next,
            MerkleRoot = entry.Header.MerkleRoot.ToReversedHex(),
            TimeUnix = entry.Header.Time,
            Bits = entry.Header.Bits,
            Nonce = entry.Header.Nonce,
            Version = entry.Header.Version,
            Work = ProofOfWork.Work(entry.Header.Bits).ToString(CultureInfo.InvariantCulture),
            From = from,
            WithoutTransactions = !entry.HasBlock,
        };
        if (entry.Stored is { } stored)
        {
            view.BytesCount = stored.BytesCount;
            view.TransactionCount = stored.TransactionCount;
            view.ClaimedGrains = stored.ClaimedGrains;
            view.FeesGrains = entry.Undo.FeesGrains;
        }

        if (from < view.TransactionCount && state.TryReadBlock(entry) is { } block)
        {
            IReadOnlyList<long> fees = state.ReadFees(entry);
            view.Transactions.AddRange(block.Transactions.Select((transaction, i) =>
                ExplorerMapping.LineOf(transaction, fees.ElementAtOrDefault(i)))
                .Skip(from).Take(TransactionsMax));
        }

        return view;
    }

    private async Task<InputView> InputOfAsync(
        Transaction transaction, TxInput input, CancellationToken cancellationToken)
    {
        InputView view = new()
        {
            Outpoint = transaction.IsCoinbase ? "" : input.Previous.ToString(),
            Sequence = input.Sequence,
            Script = Protocol.Scripts.ScriptText.Of(input.Script),
        };
        if (transaction.IsCoinbase)
        {
            return view;
        }

        TransactionReply? parent = await reader.FindTransactionAsync(input.Previous.Txid, cancellationToken);
        if (parent is not null && Transaction.TryDecode(parent.Raw.Span, out Transaction? made)
            && input.Previous.Index < made.Outputs.Count)
        {
            int index = (int)input.Previous.Index;
            view.Spent = ExplorerMapping.OutputOf(
                made.Outputs[index], index, transaction.Txid.ToString(), state.Network);
        }

        return view;
    }
}

using System.Collections.Concurrent;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>A market without gossip: what one operator announces the others see at once.</summary>
internal sealed class Board
{
    private readonly ConcurrentDictionary<string, Holding> holdings = [];
    private readonly ConcurrentDictionary<string, Seat> seats = [];

    /// <summary>Settled jobs that every seat reports.</summary>
    public Dictionary<Hash256, long> Settled { get; } = [];

    public Seat SeatOf(string name) => seats.GetOrAdd(
        name, _ => new Seat(this, Hashes.Sha256(System.Text.Encoding.UTF8.GetBytes(name)).ToString()));

    /// <summary>Announces what no host of the test holds.</summary>
    public void Put(Holding holding) => holdings[holding.NodeId] = holding;

    /// <summary>One operator's view.</summary>
    internal sealed class Seat(Board board, string nodeId) : IModelMarket
    {
        private readonly ConcurrentQueue<(Func<Holding, bool> IsMet, TaskCompletionSource Met)> waiting = [];

        public string NodeId => nodeId;

        public Task AnnounceAsync(
            IReadOnlyList<MarketModel> models, int port, DistributionOptions options,
            CancellationToken cancellation)
        {
            Holding holding = new(nodeId, $"127.0.0.1:{port}", models);
            board.holdings[nodeId] = holding;
            foreach ((Func<Holding, bool> isMet, TaskCompletionSource met) in waiting)
            {
                if (isMet(holding))
                {
                    met.TrySetResult();
                }
            }

            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<Holding>> ListAsync(Hash256? root, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<Holding>>(
            [
                .. board.holdings.Values.Where(holding => holding.NodeId != nodeId
                    && (root is null || holding.Models.Any(model => model.Root == root))),
            ]);

        public Task<IReadOnlyDictionary<Hash256, long>> SettledJobsAsync(CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyDictionary<Hash256, long>>(board.Settled);

        /// <summary>Waits until this operator announces such a thing.</summary>
        public async Task AnnouncedAsync(Func<Holding, bool> isMet, CancellationToken cancellation)
        {
            TaskCompletionSource met = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((isMet, met));
            if (board.holdings.TryGetValue(nodeId, out Holding? holding) && isMet(holding))
            {
                met.TrySetResult();
            }

            await met.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        }
    }
}

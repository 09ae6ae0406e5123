using Camelid.Fuzz.Engine;
using Camelid.Fuzz.Targets;

namespace Camelid.Fuzz;

/// <summary>Every target. A new one is added to the list of its kind, or here.</summary>
internal static class FuzzTargets
{
    /// <summary>All, in order of their names.</summary>
    public static IReadOnlyList<IFuzzTarget> All { get; } =
    [
        .. new IEnumerable<IFuzzTarget>[]
        {
            ChainTargets.All, JobTargets.All, KeyTargets.All, MarketTargets.All, PeerTargets.All, StorageTargets.All,
            TradeTargets.All,
            [new KeyFileTarget(), new EngineTarget()],
        }.SelectMany(targets => targets).OrderBy(target => target.Name, StringComparer.Ordinal),
    ];
}

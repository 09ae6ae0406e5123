using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Dashboard.Panels;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Dashboard.Overview;

/// <summary>All panels of the overview at one moment.</summary>
public sealed record OverviewSnapshot
{
    /// <summary>What the node does.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.All;

    /// <summary>Can jobs be served.</summary>
    public required PanelState<ReadinessReply> Readiness { get; init; }

    /// <summary>The chain.</summary>
    public required PanelState<ChainStatus> Chain { get; init; }

    /// <summary>The newest jobs.</summary>
    public required PanelState<ListJobsReply> Jobs { get; init; }

    /// <summary>The operator's coins.</summary>
    public required PanelState<BalancesReply> Money { get; init; }

    /// <summary>The verifier.</summary>
    public required PanelState<VerifierStatus> Verification { get; init; }

    /// <summary>The models.</summary>
    public required PanelState<ListModelsReply> Models { get; init; }

    /// <summary>Each part that a completion needs, and why it is missing.</summary>
    public IReadOnlyList<PartStatus> Parts =>
    [
        PartStatus.Of("Jobs and workers", Readiness, reply => reply.Ready ? [] : [.. reply.Missing]),
        PartStatus.Of("Chain and deposits", Chain, status => status.Ready ? [] : [status.NotReadyReason]),
        .. Roles.IsVerifier
            ? [PartStatus.Of("Verification", Verification, status => status.Ready ? [] : [status.NotReadyReason])]
            : Array.Empty<PartStatus>(),
        PartStatus.Of("Models", Models, reply => reply.Models.Count > 0 ? [] : ["no model is served"]),
    ];
}

/// <summary>A part of the node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mark">How it is.</param>
/// <param name="Missing">What is missing; empty where it works.</param>
public sealed record PartStatus(string Name, StatusMark Mark, IReadOnlyList<string> Missing)
{
    /// <summary>True where nothing is missing.</summary>
    public bool Works => Mark.Tone == "good";

    /// <summary>The status of a part from its panel.</summary>
    public static PartStatus Of<T>(string name, PanelState<T> state, Func<T, string[]> missing)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(missing);
        if (state.Error is { } error)
        {
            return new PartStatus(name, new StatusMark("bad", "✕", "no answer"), [error]);
        }

        if (state.Value is not { } value)
        {
            return new PartStatus(name, new StatusMark("quiet", "…", "loading"), []);
        }

        string[] lacks = missing(value);
        return lacks.Length == 0
            ? new PartStatus(name, new StatusMark("good", "✓", "works"), [])
            : new PartStatus(name, new StatusMark("bad", "✕", "not ready"), lacks);
    }
}

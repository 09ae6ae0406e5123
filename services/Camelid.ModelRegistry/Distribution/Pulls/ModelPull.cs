using Camelid.ModelRegistry.Storage;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>One download as its watchers see it.</summary>
internal sealed class ModelPull(Hash256 root, long requested) : IDisposable
{
    private readonly CancellationTokenSource cancelling = new();
    private volatile PullRow row = new()
    {
        Root = root.ToString(), State = NameOf(PullState.Queued), Requested = requested,
    };

    /// <summary>The model root.</summary>
    public Hash256 Root => root;

    /// <summary>Its row.</summary>
    public PullRow Row => row;

    /// <summary>The work; null before it begins.</summary>
    public ModelFetch? Fetch { get; set; }

    /// <summary>How far it was when it ended.</summary>
    public FetchReport? LastReport { get; set; }

    /// <summary>Over when the download is.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    /// <summary>Cancelled when somebody removes the model.</summary>
    public CancellationToken Cancelled => cancelling.Token;

    /// <summary>True where nothing more happens.</summary>
    public bool IsOver => row.State is "done" or "failed";

    /// <summary>How far it is; null before the head is there.</summary>
    public FetchReport? Report() => LastReport ?? Fetch?.Report();

    /// <summary>A download that an earlier run began, or ended.</summary>
    public static ModelPull Of(PullRow row) =>
        new(Hash256.TryParse(row.Root, out Hash256 root) ? root : default, row.Requested) { row = row };

    /// <summary>The name that rows and JSON use.</summary>
    public static string NameOf(PullState state) => state switch
    {
        PullState.Queued => "queued",
        PullState.Finding => "finding",
        PullState.Fetching => "fetching",
        PullState.Installing => "installing",
        PullState.Done => "done",
        PullState.Failed => "failed",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Changes its row.</summary>
    public PullRow Change(Func<PullRow, PullRow> change) => row = change(row);

    /// <summary>Ends it; nothing of it is kept.</summary>
    public void Cancel() => cancelling.Cancel();

    /// <inheritdoc/>
    public void Dispose() => cancelling.Dispose();
}

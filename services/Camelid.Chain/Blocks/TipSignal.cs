namespace Camelid.Chain.Blocks;

/// <summary>Wakes all who wait for a change; one that comes while nobody waits is not kept.</summary>
internal sealed class TipSignal
{
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next change. Take it before reading what may change.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    /// <summary>Says that something changed.</summary>
    public void Raise() => Interlocked.Exchange(
        ref next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}

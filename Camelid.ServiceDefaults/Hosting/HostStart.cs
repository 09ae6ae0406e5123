using Microsoft.Extensions.Hosting;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>When a host has started.</summary>
public static class HostStart
{
    /// <summary>
    /// Waits for it. Nothing is asked of another service before this one's own endpoints stand: in one process they are
    /// one.
    /// </summary>
    public static async Task WaitStartedAsync(
        this IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lifetime);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration =
            lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellationToken);
    }
}

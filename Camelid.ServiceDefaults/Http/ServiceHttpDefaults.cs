using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Http;
using Polly;
using Polly.Retry;

namespace Camelid.ServiceDefaults.Http;

/// <summary>Gives each HTTP client of the factory discovery by service name and, for GET, bounded retries.</summary>
internal sealed class ServiceHttpDefaults(IConfiguration configuration) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        builder.AdditionalHandlers.Insert(0, new ResilienceHandler());
        builder.AdditionalHandlers.Insert(1, new DiscoveryHandler(configuration));
    };

    /// <summary>Retries reads only: a write may have happened though its answer was lost.</summary>
    private sealed class ResilienceHandler : DelegatingHandler
    {
        private const int RetriesMax = 3;

        private static readonly ResiliencePipeline<HttpResponseMessage> Pipeline =
            new ResiliencePipelineBuilder<HttpResponseMessage>()
                .AddTimeout(TimeSpan.FromSeconds(30))
                .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = RetriesMax,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromMilliseconds(100),
                    ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                        .Handle<HttpRequestException>()
                        .HandleResult(response => (int)response.StatusCode >= 500),
                })
                .AddTimeout(TimeSpan.FromSeconds(10))
                .Build();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken) =>
            request.Method == HttpMethod.Get && request.Version.Major < 2
                ? Pipeline.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken).AsTask()
                : base.SendAsync(request, cancellationToken);
    }

    /// <summary>Turns <c>http://chain/…</c> into the address under <c>services:chain:http:0</c>.</summary>
    private sealed class DiscoveryHandler(IConfiguration configuration) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            if (request.RequestUri is { } uri && ServiceAddress.Find(configuration, uri.Host, uri.Scheme) is { } found)
            {
                UriBuilder address = new(uri) { Scheme = found.Scheme, Host = found.Host, Port = found.Port };
                request.RequestUri = address.Uri;
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}

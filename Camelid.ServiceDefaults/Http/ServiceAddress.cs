using Microsoft.Extensions.Configuration;

namespace Camelid.ServiceDefaults.Http;

/// <summary>Addresses of services by the convention that Aspire sets: <c>services__NAME__ENDPOINT__0</c>.</summary>
public static class ServiceAddress
{
    /// <summary>The first address of an endpoint, or null where none is configured.</summary>
    /// <param name="configuration">The process's configuration.</param>
    /// <param name="service">Name of the service, such as <c>chain</c>.</param>
    /// <param name="endpoint"><c>http</c> or <c>grpc</c>.</param>
    public static Uri? Find(IConfiguration configuration, string service, string endpoint)
    {
        string? address = configuration[$"services:{service}:{endpoint}:0"];
        return Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? uri : null;
    }
}

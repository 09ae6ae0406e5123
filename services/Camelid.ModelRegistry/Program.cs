using Camelid.ModelRegistry;
using Camelid.ServiceDefaults.Bus;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddModelRegistry();
builder.AddServiceBus();
WebApplication app = builder.Build();
app.MapModelRegistry();
app.MapDefaultEndpoints();
await app.RunAsync();

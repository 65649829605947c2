using System.CommandLine;

namespace ImplicitNet.Cli.Options;

/// <summary>Makes the option that names a model.</summary>
internal static class ModelOption
{
    public static Option<string> Create(bool isRequired = true) => new("--model", "-m")
    {
        Description = "Folder of the model: config.json and model.safetensors, as train writes them.",
        HelpName = "folder",
        Required = isRequired,
    };
}

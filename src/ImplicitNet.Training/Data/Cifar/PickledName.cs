namespace ImplicitNet.Training.Data.Cifar;

/// <summary>A name in a pickle: something that Python would import. Here it is a name and nothing more.</summary>
/// <param name="Name">Module and name, joined by a dot.</param>
internal sealed record PickledName(string Name);

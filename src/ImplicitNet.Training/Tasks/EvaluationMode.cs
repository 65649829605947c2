using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// A model in evaluation mode until this is disposed, which puts every part back into its own: one that is evaluated while the whole is
/// trained, such as a batch norm whose statistics are to stay, is no other afterwards.
/// </summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly (nn.Module Part, bool IsTraining)[] _parts;

    public EvaluationMode(nn.Module module)
    {
        _parts = [.. module.modules().Prepend(module).Distinct().Select(part => (part, part.training))];
        module.eval();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A part comes before its own parts, which its mode is given to as well.
        foreach ((nn.Module part, bool isTraining) in _parts)
        {
            if (part.training != isTraining)
            {
                part.train(isTraining);
            }
        }
    }
}

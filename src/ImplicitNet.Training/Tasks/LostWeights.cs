using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// Finds layers of torch whose weights nobody sees any more: those that torch itself keeps, such as an Embedding's, leave
/// <c>parameters()</c> when a dispose scope ends that they were made in. The layer still computes, and is neither trained nor saved.
/// </summary>
internal static class LostWeights
{
    /// <summary>Refuses a model with such a layer.</summary>
    /// <exception cref="ArgumentException">There is one.</exception>
    public static void EnsureNone(nn.Module model)
    {
        foreach ((string name, nn.Module layer) in model.named_modules().Prepend(("", model)))
        {
            if (HasWeights(layer) && !layer.parameters().Any())
            {
                string what = name.Length == 0 ? $"The {layer.GetType().Name}" : $"{name}, of type {layer.GetType().Name},";
                throw new ArgumentException(
                    $"{what} has lost its weights: it was made in a dispose scope that has ended, and would be neither trained nor saved. "
                        + "Make it outside of the scope.",
                    nameof(model));
            }
        }
    }

    private static bool HasWeights(nn.Module layer) => layer is Embedding or EmbeddingBag or MultiheadAttention
        or GRU or GRUCell or LSTM or LSTMCell or RNN or RNNCell
        or Transformer or TransformerEncoderLayer or TransformerDecoderLayer;
}

using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>Where to begin: the sources there are, as <c>BatchSource.From(x, y)</c> and its like.</summary>
public static class BatchSources
{
    extension(BatchSource)
    {
        /// <summary>
        /// Batches of rows of tensors, such as a table: row i of each belongs to sample i. The tensors are copied and stay the caller's;
        /// what happens to them afterwards changes nothing.
        /// </summary>
        /// <param name="inputs">What a model is given: [samples, ...], any dtype; at least one sample.</param>
        /// <param name="targets">What it is to answer: [samples, ...], any dtype. To answer with the inputs, give them again.</param>
        /// <param name="batchSize">Samples in a batch; at least 1. The last batch of an epoch holds what is left.</param>
        /// <param name="seed">Seed of the order of the epochs; any value.</param>
        /// <param name="weights">What samples, or parts of them, count: [samples, ...], floating, at least 0; default: alike.</param>
        /// <param name="name">A name for messages and reports.</param>
        /// <exception cref="ArgumentException">The rows differ in number, there are none, or the weights are no weights.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
        public static TensorBatches From(
            Tensor inputs, Tensor targets, int batchSize = 64, long seed = 1, Tensor? weights = null, string name = "tensors") =>
            new(inputs, targets, weights, name, batchSize, seed);
    }
}
